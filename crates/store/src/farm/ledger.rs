//! The ledger as people read it: every entry with what was spent and set aside after it.

use std::collections::{BTreeSet, HashMap};

use farm::{Money, NodeId, Time};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use uuid::Uuid;

use super::money::EntryKind;
use super::statement;
use crate::database::Store;
use crate::entity::{farm_job, farm_ledger, farm_node};
use crate::error::Doing;
use crate::{Page, StoreError};

const DOING: &str = "read the farm's ledger";

/// One line of the ledger, which is only ever added to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// Its place.
    pub sequence: i64,
    /// When.
    pub at: Time,
    /// What.
    pub kind: EntryKind,
    /// Whose.
    pub project: Option<Uuid>,
    /// For which job.
    pub job: Option<Uuid>,
    /// Of which node.
    pub node: Option<NodeId>,
    /// How much.
    pub amount: Money,
    /// For how many seconds.
    pub seconds: f64,
}

/// An entry with what people want to know beside it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Booked {
    /// The entry.
    #[serde(flatten)]
    pub entry: Entry,
    /// What the job is of; none when it is about no job, or the job is gone.
    pub subject: Option<String>,
    /// The node's name; none when it is no node any more.
    pub node_name: Option<String>,
    /// Spent by all entries up to this one; what nodes cost while they wait is in it only where no project was asked for.
    pub spent: Money,
    /// Set aside by all entries up to this one.
    pub reserved: Money,
}

/// Sums over the ledger.
#[derive(Debug, Clone, Copy, Default)]
struct Balance {
    spent: Money,
    reserved: Money,
}

impl Balance {
    /// As it was before an entry.
    fn before(self, entry: &Entry) -> Self {
        let Self { spent, reserved } = self;
        match entry.kind {
            EntryKind::Reserve => Self { spent, reserved: reserved - entry.amount },
            EntryKind::Release => Self { spent, reserved: reserved + entry.amount },
            EntryKind::Spend | EntryKind::Idle => Self { spent: spent - entry.amount, reserved },
        }
    }
}

fn entry(row: &farm_ledger::Model) -> Result<Entry, StoreError> {
    Ok(Entry {
        sequence: row.sequence,
        at: row.at,
        kind: EntryKind::of(&row.kind)
            .ok_or_else(|| StoreError::damaged("the farm's ledger", format!("{:?} is no kind of entry", row.kind)))?,
        project: row.project_id,
        job: row.job_id,
        node: row.node_id.map(NodeId),
        amount: Money::from_micros(row.amount),
        seconds: row.seconds,
    })
}

impl Store {
    /// Entries of the ledger after a place, oldest first; of one project, or of all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn farm_ledger(&self, project: Option<Uuid>, after: i64, limit: u64) -> Result<Vec<Entry>, StoreError> {
        let mut query = farm_ledger::Entity::find().filter(farm_ledger::Column::Sequence.gt(after));
        if let Some(project) = project {
            query = query.filter(farm_ledger::Column::ProjectId.eq(project));
        }
        let rows = query.order_by_asc(farm_ledger::Column::Sequence).limit(limit).all(&self.reader).await.doing(DOING)?;
        rows.iter().map(entry).collect()
    }

    /// A page of the ledger, the newest entry first, from the one before `before` on; of one project, or of all with what
    /// nodes cost while they wait. The cursor of the next page is the `before` of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn farm_ledger_page(&self, project: Option<Uuid>, before: Option<i64>, limit: u64) -> Result<Page<Booked>, StoreError> {
        let mut query = farm_ledger::Entity::find();
        if let Some(project) = project {
            query = query.filter(farm_ledger::Column::ProjectId.eq(project));
        }
        if let Some(before) = before {
            query = query.filter(farm_ledger::Column::Sequence.lt(before));
        }
        let rows =
            query.order_by_desc(farm_ledger::Column::Sequence).limit(limit.saturating_add(1)).all(&self.reader).await.doing(DOING)?;
        let mut entries = rows.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        let more = entries.len() as u64 > limit;
        entries.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next_cursor = entries.last().filter(|_| more).map(|entry| entry.sequence.to_string());
        let Some(newest) = entries.first() else { return Ok(Page { items: Vec::new(), next_cursor }) };
        let mut balance = self.balance_at(project, newest.sequence).await?;
        let (subjects, names) = self.named_in(&entries).await?;
        let mut items = Vec::with_capacity(entries.len());
        for entry in entries {
            let Balance { spent, reserved } = balance;
            balance = balance.before(&entry);
            let subject = entry.job.and_then(|job| subjects.get(&job).cloned());
            let node_name = entry.node.and_then(|node| names.get(&node.0).cloned());
            items.push(Booked { entry, subject, node_name, spent, reserved });
        }
        Ok(Page { items, next_cursor })
    }

    /// The sums of all entries up to one.
    async fn balance_at(&self, project: Option<Uuid>, sequence: i64) -> Result<Balance, StoreError> {
        let (filter, values) = match project {
            Some(project) => ("AND project_id = $2", vec![sequence.into(), project.into()]),
            None => ("", vec![sequence.into()]),
        };
        let sql = format!(
            "SELECT CAST(COALESCE(SUM(CASE WHEN kind IN ('spend', 'idle') THEN amount ELSE 0 END), 0) AS BIGINT) AS spent, \
             CAST(COALESCE(SUM(CASE kind WHEN 'reserve' THEN amount WHEN 'release' THEN -amount ELSE 0 END), 0) AS BIGINT) AS reserved \
             FROM farm_ledger WHERE sequence <= $1 {filter}"
        );
        let Some(row) = self.reader.query_one_raw(statement(&self.reader, &sql, values)).await.doing(DOING)? else {
            return Ok(Balance::default());
        };
        let money = |column| row.try_get::<i64>("", column).map(Money::from_micros).doing(DOING);
        Ok(Balance { spent: money("spent")?, reserved: money("reserved")? })
    }

    /// Subjects of jobs and names of nodes that entries are about.
    async fn named_in(&self, entries: &[Entry]) -> Result<(HashMap<Uuid, String>, HashMap<Uuid, String>), StoreError> {
        let jobs: BTreeSet<Uuid> = entries.iter().filter_map(|entry| entry.job).collect();
        let nodes: BTreeSet<Uuid> = entries.iter().filter_map(|entry| entry.node.map(|node| node.0)).collect();
        let subjects = farm_job::Entity::find()
            .select_only()
            .columns([farm_job::Column::Id, farm_job::Column::Subject])
            .filter(farm_job::Column::Id.is_in(jobs))
            .into_tuple::<(Uuid, String)>()
            .all(&self.reader)
            .await
            .doing(DOING)?;
        let names = farm_node::Entity::find()
            .select_only()
            .columns([farm_node::Column::Id, farm_node::Column::Name])
            .filter(farm_node::Column::Id.is_in(nodes))
            .into_tuple::<(Uuid, String)>()
            .all(&self.reader)
            .await
            .doing(DOING)?;
        Ok((subjects.into_iter().collect(), names.into_iter().collect()))
    }
}
