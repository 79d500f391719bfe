//! Money: budgets that are enforced before anything is drawn, and the ledger.
//!
//! A claim sets aside the most that its attempt may cost; the end of the attempt gives back what was not used. So what
//! is spent and what is set aside never exceed a budget together. Both are sums of the ledger's entries, kept beside it
//! so that a claim need not add the ledger up.

use farm::{Attempt, Job, Money, Node, NodeId, Time, cost_of};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
};
use serde::Serialize;
use uuid::Uuid;

use super::row::only;
use super::statement;
use crate::database::{Store, micros};
use crate::entity::{farm_budget, farm_ledger, farm_spending};
use crate::error::Doing;
use crate::{NewEvent, StoreError};

const DOING: &str = "keep the farm's accounts";
const TOTAL: &str = "total";

/// What a project may spend.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Budget {
    /// On a day (UTC).
    pub per_day: Option<Money>,
    /// In all.
    pub total: Option<Money>,
    /// Its weight in fair shares: 1 for a usual one.
    pub weight: f64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { per_day: None, total: None, weight: 1.0 }
    }
}

/// What was spent, and what is set aside for attempts that are under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Spending {
    /// Spent.
    pub spent: Money,
    /// Set aside.
    pub reserved: Money,
}

/// What an entry of the ledger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// Set aside for an attempt.
    Reserve,
    /// Given back at its end.
    Release,
    /// What it cost.
    Spend,
    /// What a node cost while it had nothing to do; no project's.
    Idle,
}

impl EntryKind {
    const fn word(self) -> &'static str {
        match self {
            Self::Reserve => "reserve",
            Self::Release => "release",
            Self::Spend => "spend",
            Self::Idle => "idle",
        }
    }

    pub(super) fn of(word: &str) -> Option<Self> {
        [Self::Reserve, Self::Release, Self::Spend, Self::Idle].into_iter().find(|kind| kind.word() == word)
    }
}

impl std::fmt::Display for EntryKind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.word())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reserved {
    Yes,
    OverBudget,
}

fn day(at: Time) -> String {
    at.format("%Y-%m-%d").to_string()
}

/// Sets aside what an attempt may cost, when the budget allows it.
pub(super) async fn reserve(transaction: &DatabaseTransaction, job: &Job, attempt: &Attempt, now: Time) -> Result<Reserved, StoreError> {
    if attempt.reserved == Money::ZERO {
        return Ok(Reserved::Yes);
    }
    let budget = only(farm_budget::Entity::find_by_id(job.project), transaction).await.doing(DOING)?;
    let limits = budget.map_or((None, None), |row| (row.per_day, row.total));
    let amount = attempt.reserved.micros();
    for (day, limit) in [(day(now), limits.0), (TOTAL.to_owned(), limits.1)] {
        // The row is taken by this, so that two claims do not both see the last of a budget.
        let spending = book(transaction, job.project, &day, 0, amount).await?;
        if limit.is_some_and(|limit| spending.spent + spending.reserved > Money::from_micros(limit)) {
            book(transaction, job.project, &day, 0, -amount).await?;
            if day == TOTAL {
                book(transaction, job.project, &self::day(now), 0, -amount).await?;
            }
            return Ok(Reserved::OverBudget);
        }
    }
    enter(transaction, EntryKind::Reserve, Some(job.project), Some(attempt), attempt.node, attempt.reserved, 0.0, now).await?;
    Ok(Reserved::Yes)
}

/// Books what an attempt that has ended cost, and gives back the rest.
pub(super) async fn settle(transaction: &DatabaseTransaction, project: Uuid, attempt: &Attempt, now: Time) -> Result<(), StoreError> {
    if attempt.reserved == Money::ZERO {
        return Ok(());
    }
    for day in [day(attempt.started_at), TOTAL.to_owned()] {
        book(transaction, project, &day, attempt.cost.micros(), -attempt.reserved.micros()).await?;
    }
    let seconds = attempt.ended_at.map_or(0.0, |ended| (ended - attempt.started_at).as_seconds_f64());
    enter(transaction, EntryKind::Release, Some(project), Some(attempt), attempt.node, attempt.reserved, 0.0, now).await?;
    enter(transaction, EntryKind::Spend, Some(project), Some(attempt), attempt.node, attempt.cost, seconds, now).await
}

/// Books what a node cost while it had nothing to do.
pub(super) async fn bill_idle(transaction: &DatabaseTransaction, node: &mut Node, now: Time) -> Result<(), StoreError> {
    let Some(since) = node.idle_since else { return Ok(()) };
    let seconds = (now - since).as_seconds_f64().max(0.0);
    let amount = cost_of(node.per_hour, seconds);
    if amount == Money::ZERO {
        return Ok(());
    }
    enter(transaction, EntryKind::Idle, None, None, node.id, amount, seconds, now).await
}

#[expect(clippy::too_many_arguments, reason = "an entry's columns")]
async fn enter(
    transaction: &DatabaseTransaction,
    kind: EntryKind,
    project: Option<Uuid>,
    attempt: Option<&Attempt>,
    node: NodeId,
    amount: Money,
    seconds: f64,
    at: Time,
) -> Result<(), StoreError> {
    let row = farm_ledger::ActiveModel {
        sequence: NotSet,
        at: Set(micros(at)),
        kind: Set(kind.word().to_owned()),
        project_id: Set(project),
        job_id: Set(attempt.map(|attempt| attempt.job.0)),
        node_id: Set(Some(node.0)),
        amount: Set(amount.micros()),
        seconds: Set(seconds),
    };
    farm_ledger::Entity::insert(row).exec_without_returning(transaction).await.doing(DOING).map(drop)
}

async fn book(transaction: &DatabaseTransaction, project: Uuid, day: &str, spent: i64, reserved: i64) -> Result<Spending, StoreError> {
    let sql = "INSERT INTO farm_spending (project_id, day, spent, reserved) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (project_id, day) DO UPDATE SET spent = farm_spending.spent + $3, reserved = farm_spending.reserved + $4 \
               RETURNING spent, reserved";
    let values = [project.into(), day.into(), spent.into(), reserved.into()];
    let row = transaction.query_one_raw(statement(transaction, sql, values)).await.doing(DOING)?;
    let row = row.ok_or_else(|| StoreError::damaged("the farm's accounts", "a row was not written"))?;
    let money = |column| row.try_get::<i64>("", column).map(Money::from_micros).doing(DOING);
    Ok(Spending { spent: money("spent")?, reserved: money("reserved")? })
}

impl Store {
    /// What a project may spend.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn farm_budget(&self, project: Uuid) -> Result<Budget, StoreError> {
        let row = farm_budget::Entity::find_by_id(project).one(&self.reader).await.doing(DOING)?;
        Ok(row.map_or_else(Budget::default, |row| Budget {
            per_day: row.per_day.map(Money::from_micros),
            total: row.total.map(Money::from_micros),
            weight: row.weight,
        }))
    }

    /// Says what a project may spend. What is under way goes on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_farm_budget(&self, project: Uuid, budget: Budget, at: Time) -> Result<(), StoreError> {
        let sql = "INSERT INTO farm_budgets (project_id, per_day, total, weight) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (project_id) DO UPDATE SET per_day = excluded.per_day, total = excluded.total, weight = excluded.weight";
        self.transaction(DOING, move |transaction| {
            Box::pin(async move {
                let limit = |limit: Option<Money>| limit.map(Money::micros);
                let values = [project.into(), limit(budget.per_day).into(), limit(budget.total).into(), budget.weight.into()];
                transaction.execute_raw(statement(transaction, sql, values)).await.doing(DOING)?;
                let payload = super::row::to_json("a budget", &budget)?;
                let event = NewEvent { at, project: Some(project), kind: "farm.budget", subject: format!("project {project}"), payload };
                event.write(transaction).await?;
                super::tell_others(transaction).await
            })
        })
        .await?;
        self.wake_workers();
        Ok(())
    }

    /// What a project has spent: on a day (UTC), and in all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn farm_spending(&self, project: Uuid, at: Time) -> Result<(Spending, Spending), StoreError> {
        let mut found = (Spending::default(), Spending::default());
        let rows = farm_spending::Entity::find()
            .filter(farm_spending::Column::ProjectId.eq(project))
            .filter(farm_spending::Column::Day.is_in([day(at), TOTAL.to_owned()]))
            .all(&self.reader)
            .await
            .doing(DOING)?;
        for row in rows {
            let spending = Spending { spent: Money::from_micros(row.spent), reserved: Money::from_micros(row.reserved) };
            *(if row.day == TOTAL { &mut found.1 } else { &mut found.0 }) = spending;
        }
        Ok(found)
    }
}
