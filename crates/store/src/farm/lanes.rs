//! What the scheduler looks at.

use std::collections::{BTreeMap, BTreeSet};

use farm::{Band, ClassId, Lane, LaneKey, Node, Policy, Requirements, Shares, Speed, Speeds, Time, pick};
use sea_orm::{ConnectionTrait, EntityTrait};
use uuid::Uuid;

use super::row::{from_json, node};
use super::statement;
use crate::StoreError;
use crate::database::Store;
use crate::entity::{farm_class, farm_node, farm_pause, farm_share, farm_speed};
use crate::error::Doing;

const DOING: &str = "look at the farm";

/// What changes slowly: nodes, classes, speeds, pauses. Good for seconds.
#[derive(Debug, Clone)]
pub struct View {
    /// All nodes.
    pub nodes: Vec<Node>,
    /// What jobs of each class take.
    pub classes: BTreeMap<ClassId, Requirements>,
    /// What was measured.
    pub speeds: Speeds,
    /// The scheduler's own summary.
    pub view: pick::View,
}

/// What changes with every claim: queues and fair shares. Good for a moment.
#[derive(Debug, Clone)]
pub struct Queues {
    /// Queues that are not empty.
    pub lanes: Vec<Lane>,
    /// Everybody's clocks.
    pub shares: Shares,
}

impl Store {
    /// What the scheduler needs to know of nodes and classes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn farm_view(&self, policy: &Policy, now: Time) -> Result<View, StoreError> {
        let nodes: Vec<Node> =
            farm_node::Entity::find().all(&self.reader).await.doing(DOING)?.into_iter().map(node).collect::<Result<_, _>>()?;
        let mut classes = BTreeMap::new();
        for row in farm_class::Entity::find().all(&self.reader).await.doing(DOING)? {
            classes.insert(ClassId(row.id), from_json("what jobs take", row.needs)?);
        }
        let speeds = farm_speed::Entity::find().all(&self.reader).await.doing(DOING)?.into_iter().map(|row| {
            let jobs = u32::try_from(row.jobs).unwrap_or(0);
            (farm::NodeId(row.node_id), row.template, Speed { seconds: row.seconds, jobs, swap: row.swap })
        });
        let speeds = Speeds::of(speeds);
        let paused: BTreeSet<Uuid> =
            farm_pause::Entity::find().all(&self.reader).await.doing(DOING)?.into_iter().map(|row| row.project_id).collect();
        let all = paused.contains(&Uuid::nil());
        let view = pick::View::new(&nodes, &classes, &speeds, policy, now).pausing(paused, all);
        Ok(View { nodes, classes, speeds, view })
    }

    /// All queues that are not empty, by their heads. It costs as much as there are kinds of jobs, however many wait.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn farm_queues(&self) -> Result<Queues, StoreError> {
        // Everything in the index's order and by itself: a join with the heads, and PostgreSQL reads the whole table for it.
        let head = |column: &str| {
            format!("(SELECT j.{column} FROM farm_jobs j WHERE j.lane_id = l.id AND j.state = 'queued' ORDER BY j.due, j.id LIMIT 1)")
        };
        let counted = Lane::COUNTED;
        let sql = format!(
            "SELECT l.id AS id, l.band AS band, l.project_id AS project_id, l.user_name AS user_name, l.class AS class, \
             b.weight AS weight, {} AS since, {} AS deadline, {} AS size, (SELECT COUNT(*) FROM (SELECT 1 FROM farm_jobs c \
             WHERE c.lane_id = l.id AND c.state = 'queued' ORDER BY c.due, c.id LIMIT {counted}) q) AS depth \
             FROM farm_lanes l LEFT JOIN farm_budgets b ON b.project_id = l.project_id",
            head("queued_at"),
            head("deadline"),
            head("size"),
        );
        let rows = self.reader.query_all_raw(statement(&self.reader, &sql, [])).await.doing(DOING)?;
        let (mut lanes, mut weights) = (Vec::with_capacity(rows.len()), Vec::new());
        for row in rows {
            // A queue without a head is empty, or was emptied while it was looked at.
            let (Some(since), Some(size)) = (row.try_get("", "since").doing(DOING)?, row.try_get("", "size").doing(DOING)?) else {
                continue;
            };
            let project = row.try_get("", "project_id").doing(DOING)?;
            if let Some(weight) = row.try_get::<Option<f64>>("", "weight").doing(DOING)? {
                weights.push((project, weight));
            }
            let depth: i64 = row.try_get("", "depth").doing(DOING)?;
            lanes.push(Lane {
                id: row.try_get("", "id").doing(DOING)?,
                key: LaneKey {
                    band: Band::of_rank(row.try_get("", "band").doing(DOING)?),
                    project,
                    user: row.try_get("", "user_name").doing(DOING)?,
                    class: ClassId(row.try_get("", "class").doing(DOING)?),
                },
                depth: u32::try_from(depth).unwrap_or(Lane::COUNTED),
                since,
                deadline: row.try_get("", "deadline").doing(DOING)?,
                size,
            });
        }
        let clocks = farm_share::Entity::find().all(&self.reader).await.doing(DOING)?.into_iter().map(|row| {
            let user = (!row.user_name.is_empty()).then_some(row.user_name);
            (Band::of_rank(row.band), row.project_id, user, row.clock)
        });
        let mut shares = Shares::of(clocks);
        for (project, weight) in weights {
            shares.weigh(project, weight);
        }
        Ok(Queues { lanes, shares })
    }
}
