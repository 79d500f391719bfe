//! The ledger.

use store::farm::Booked;
use store::{PageRequest, Store};

use crate::exit::Exit;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The project, by id or slug; the whole farm, with what nodes cost while they wait, when left out
    #[arg(value_name = "PROJECT")]
    project_named: Option<String>,
    /// How many entries, the newest
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=PageRequest::MOST))]
    limit: u64,
    /// Entries before this one, by its number
    #[arg(long, value_name = "NUMBER")]
    before: Option<i64>,
}

pub(super) async fn run(store: &Store, arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let project = super::jobs::one(store, arguments.project_named.as_deref()).await?;
    let mut page = store.farm_ledger_page(project, arguments.before, arguments.limit).await?;
    // The newest is where the eye is in a terminal: at the end.
    page.items.reverse();
    if context.json {
        output::json(&page)?;
        return Ok(Exit::Success);
    }
    if page.items.is_empty() {
        output::line("The ledger has no such entries: what nodes draw that cost nothing is not in it.");
        return Ok(Exit::Success);
    }
    output::line(format_args!(
        "{:>7} {:<20} {:<8} {:>12} {:>9}  {:<16} {:>12} {:>12}  job",
        "", "when", "what", "amount", "seconds", "node", "spent", "set aside"
    ));
    for line in &page.items {
        print(line);
    }
    if let Some(cursor) = page.next_cursor {
        output::note(format_args!("There are earlier ones: --before {cursor}"));
    }
    Ok(Exit::Success)
}

fn print(line: &Booked) {
    let entry = &line.entry;
    let seconds = if entry.seconds > 0.0 { format!("{:.1}", entry.seconds) } else { String::new() };
    let node = line.node_name.clone().or_else(|| entry.node.map(|node| node.to_string())).unwrap_or_default();
    let job = entry.job.map(|job| format!("{job} {}", line.subject.as_deref().unwrap_or_default())).unwrap_or_default();
    // Amounts are small: a picture costs parts of a cent.
    output::line(format_args!(
        "{:>7} {:<20} {:<8} {:>12.6} {seconds:>9}  {node:<16} {:>12.6} {:>12.6}  {job}",
        entry.sequence,
        entry.at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        entry.kind.to_string(),
        entry.amount.units(),
        line.spent.units(),
        line.reserved.units(),
    ));
}
