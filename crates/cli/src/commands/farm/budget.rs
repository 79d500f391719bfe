//! What projects may spend, and have spent.

use ::farm::Money;
use serde_json::json;
use store::Store;
use store::farm::Budget;

use crate::exit::Exit;
use crate::{Context, output};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The project, by id or slug
    #[arg(value_name = "PROJECT")]
    project_named: String,
    /// The most on a day (UTC), in the studio's currency
    #[arg(long, value_name = "AMOUNT")]
    per_day: Option<Money>,
    /// The most in all
    #[arg(long, value_name = "AMOUNT")]
    total: Option<Money>,
    /// Its weight in fair shares: 2 gets twice as much drawn as 1
    #[arg(long, value_name = "WEIGHT")]
    weight: Option<f64>,
    /// Take the limits away
    #[arg(long, conflicts_with_all = ["per_day", "total"])]
    unlimited: bool,
}

pub(super) async fn run(store: &Store, arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    let project = super::project(store, &arguments.project_named).await?;
    let mut budget = store.farm_budget(project).await?;
    let before = budget;
    if arguments.unlimited {
        budget = Budget { weight: budget.weight, ..Budget::default() };
    }
    budget.per_day = arguments.per_day.or(budget.per_day);
    budget.total = arguments.total.or(budget.total);
    if let Some(weight) = arguments.weight {
        anyhow::ensure!(weight.is_finite() && (0.001..=1000.0).contains(&weight), "a weight is between 0.001 and 1000");
        budget.weight = weight;
    }
    if budget != before {
        store.set_farm_budget(project, budget, super::now()).await?;
    }
    let (today, total) = store.farm_spending(project, super::now()).await?;
    if context.json {
        output::json(&json!({ "project": project, "budget": budget, "today": today, "total": total }))?;
        return Ok(Exit::Success);
    }
    let of = |limit: Option<Money>| limit.map_or_else(|| "without a limit".to_owned(), |limit| format!("of {limit}"));
    output::line(format_args!("today  {} spent and {} set aside {}", today.spent, today.reserved, of(budget.per_day)));
    output::line(format_args!("in all {} spent and {} set aside {}", total.spent, total.reserved, of(budget.total)));
    output::line(format_args!("weight {}", budget.weight));
    Ok(Exit::Success)
}
