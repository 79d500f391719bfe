//! The farm in the terminal, as it is now.

use std::collections::BTreeMap;
use std::time::Duration;

use ::farm::{JobState, Node, Policy, Time};
use ratatui::Frame;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyModifiers};
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Color, Style, Stylize};
use ratatui::text::Line;
use ratatui::widgets::{Block, Gauge, Paragraph, Row, Table};
use store::Store;
use store::farm::{AttemptView, View};

use crate::exit::Exit;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(1);

struct Seen {
    now: Time,
    counts: BTreeMap<JobState, u64>,
    view: View,
    held: Vec<AttemptView>,
    subjects: BTreeMap<farm::JobId, String>,
    events: Vec<String>,
    paused: bool,
}

pub(super) async fn run(store: &Store) -> anyhow::Result<Exit> {
    // What was told last is shown under the nodes.
    let mut last = store.newest_event().await?.saturating_sub(20);
    let mut events = Vec::new();
    let mut terminal = ratatui::try_init()?;
    let outcome = async {
        loop {
            let seen = look(store, &mut last, &mut events).await?;
            terminal.draw(|frame| draw(frame, &seen))?;
            if tokio::task::spawn_blocking(pressed).await?? {
                return anyhow::Ok(Exit::Success);
            }
        }
    }
    .await;
    ratatui::restore();
    outcome
}

/// Waits until it is time to look again. True when somebody wants it to end.
fn pressed() -> std::io::Result<bool> {
    if !event::poll(EVERY)? {
        return Ok(false);
    }
    Ok(match event::read()? {
        Event::Key(key) => {
            matches!(key.code, KeyCode::Char('q') | KeyCode::Esc)
                || (key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL))
        }
        _ => false,
    })
}

async fn look(store: &Store, last: &mut i64, events: &mut Vec<String>) -> anyhow::Result<Seen> {
    let now = super::now();
    for event in store.events_after(*last, None, 200).await? {
        *last = event.sequence;
        if let Some(what) = event.kind.strip_prefix("farm.") {
            let subject = event.payload["subject"].as_str().unwrap_or(&event.subject).to_owned();
            events.push(format!("{}  {what:<18} {subject}", event.at.format("%H:%M:%S")));
        }
    }
    events.drain(..events.len().saturating_sub(50));
    let held = store.held_slots().await?;
    let mut subjects = BTreeMap::new();
    for slot in &held {
        if let Some(detail) = store.farm_job(slot.attempt.job).await? {
            subjects.insert(detail.job.id, detail.job.subject);
        }
    }
    Ok(Seen {
        now,
        counts: store.farm_counts(None).await?,
        view: store.farm_view(&Policy::default(), now).await?,
        held,
        subjects,
        events: events.clone(),
        paused: store.farm_pauses().await?.1,
    })
}

fn draw(frame: &mut Frame<'_>, seen: &Seen) {
    let nodes = u16::try_from(seen.view.nodes.len()).unwrap_or(u16::MAX).saturating_add(3);
    let [head, table, log] = Layout::vertical([Constraint::Length(4), Constraint::Max(nodes), Constraint::Min(4)]).areas(frame.area());
    head_of(frame, seen, head);
    frame.render_widget(nodes_of(seen), table);
    let shown = usize::from(log.height.saturating_sub(2));
    let lines: Vec<Line<'_>> = seen.events.iter().rev().take(shown).map(|event| Line::from(event.as_str())).collect();
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(" what happens ")), log);
}

fn head_of(frame: &mut Frame<'_>, seen: &Seen, area: ratatui::layout::Rect) {
    let count = |state| seen.counts.get(&state).copied().unwrap_or(0);
    let all: u64 = seen.counts.values().sum();
    let done = count(JobState::Done);
    let title = format!(
        " farm{}: {} queued, {} active, {} waiting, {} failed ",
        if seen.paused { " (paused)" } else { "" },
        count(JobState::Queued),
        count(JobState::Active),
        count(JobState::Blocked) + count(JobState::Backoff) + count(JobState::Held),
        count(JobState::Failed),
    );
    let part = if all == 0 { 0.0 } else { done as f64 / all as f64 };
    let gauge = Gauge::default().block(Block::bordered().title(title)).gauge_style(Style::new().fg(Color::Cyan)).ratio(part);
    frame.render_widget(gauge.label(format!("{done} of {all} done")), area);
}

fn nodes_of(seen: &Seen) -> Table<'_> {
    let rows = seen.view.nodes.iter().map(|node| row_of(node, seen));
    let widths = [
        Constraint::Length(16),
        Constraint::Length(26),
        Constraint::Length(7),
        Constraint::Length(9),
        Constraint::Length(32),
        Constraint::Min(12),
    ];
    Table::new(rows, widths)
        .header(Row::new(["node", "does", "for", "about", "at", "draws"]).bold())
        .block(Block::bordered().title(" nodes (q ends) "))
}

fn row_of<'a>(node: &'a Node, seen: &'a Seen) -> Row<'a> {
    let Some(slot) = seen.held.iter().find(|slot| slot.attempt.node == node.id) else {
        let away = node.away(seen.now);
        let colour = if away.is_some() { Color::Yellow } else { Color::DarkGray };
        return Row::new([node.name.clone(), away.unwrap_or("free").to_owned()]).style(Style::new().fg(colour));
    };
    let attempt = &slot.attempt;
    let seconds = (seen.now - attempt.started_at).num_seconds();
    let expected = if attempt.expected > 0.0 { format!("{:.0} s", attempt.expected) } else { "unknown".to_owned() };
    let silent = attempt.lease_until < seen.now && !attempt.state.ended();
    let state = if silent { format!("{} (worker silent)", attempt.state) } else { attempt.state.word().to_owned() };
    let subject = seen.subjects.get(&attempt.job).cloned().unwrap_or_default();
    let colour = if silent { Color::Red } else { Color::Green };
    let progress = attempt.progress.as_ref().map(ToString::to_string).unwrap_or_default();
    Row::new([node.name.clone(), state, format!("{seconds} s"), expected, progress, subject]).style(Style::new().fg(colour))
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;

    #[tokio::test]
    async fn an_empty_farm_and_its_nodes_are_shown() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&store::DatabaseUrl::Sqlite(folder.path().join("studio.db"))).await.unwrap();
        let new = store::farm::NewNode {
            id: farm::NodeId(uuid::Uuid::from_u128(1)),
            name: "gpu-1".to_owned(),
            url: "http://gpu-1:8188".to_owned(),
            groups: std::collections::BTreeSet::new(),
            models_folder: None,
            per_hour: farm::Money::ZERO,
            hours: None,
        };
        store.add_farm_node(new, super::super::now()).await.unwrap();
        let (mut last, mut events) = (0, Vec::new());
        let seen = look(&store, &mut last, &mut events).await.unwrap();
        let mut terminal = Terminal::new(TestBackend::new(100, 14)).unwrap();
        terminal.draw(|frame| draw(frame, &seen)).unwrap();
        let text: String = terminal.backend().buffer().content().iter().map(|cell| cell.symbol()).collect();
        for shown in ["0 queued", "0 of 0 done", "gpu-1", "without a worker", "node_added"] {
            assert!(text.contains(shown), "{shown}: {text}");
        }
    }
}
