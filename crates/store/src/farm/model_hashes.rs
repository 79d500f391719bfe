//! What is known of the content of nodes' model files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use farm::{AttemptState, JobId, ModelHash, Node, NodeId, Requirements, Time};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use super::row::{from_json, node, node_event, take_node, to_json};
use super::{statement, tell_others};
use crate::StoreError;
use crate::database::{Store, micros};
use crate::entity::{farm_attempt, farm_class, farm_node};
use crate::error::Doing;

const DOING: &str = "note what a node's model files are";

impl Store {
    /// The nodes that a worker drives, each with those of its model files that any job takes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn model_files_of(&self, worker: &str) -> Result<Vec<(Node, BTreeSet<String>)>, StoreError> {
        const DOING: &str = "look up which model files jobs take";
        let driven = farm_node::Entity::find().filter(farm_node::Column::Worker.eq(worker)).order_by_asc(farm_node::Column::Name);
        let driven = driven.all(&self.reader).await.doing(DOING)?;
        if driven.is_empty() {
            return Ok(Vec::new());
        }
        let mut taken = BTreeSet::new();
        for row in farm_class::Entity::find().all(&self.reader).await.doing(DOING)? {
            let needs: Requirements = from_json("what jobs take", row.needs)?;
            taken.extend(needs.models);
        }
        let with_files = driven.into_iter().map(|row| {
            let node = node(row)?;
            let files = node.capabilities.models.intersection(&taken).cloned().collect();
            Ok((node, files))
        });
        with_files.collect()
    }

    /// Notes what a worker found of the model files of a node, instead of all that was known before. `folder` is where it
    /// looked: when the node's is another by now, nothing is noted. Says whether it was.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_model_hashes(
        &self,
        id: NodeId,
        folder: Option<PathBuf>,
        hashes: BTreeMap<String, ModelHash>,
        now: Time,
    ) -> Result<bool, StoreError> {
        let now = micros(now);
        let noted = self
            .transaction(DOING, move |transaction| {
                Box::pin(async move {
                    let Some(node) = take_node(transaction, id).await?.filter(|node| node.models_folder == folder) else {
                        return Ok(false);
                    };
                    let sql = "UPDATE farm_nodes SET model_hashes = $2 WHERE id = $1";
                    let values = [id.0.into(), to_json("what a node's model files are", &hashes)?.into()];
                    transaction.execute_raw(statement(transaction, sql, values)).await.doing(DOING)?;
                    let known = hashes.values().filter(|hash| hash.blake3().is_some()).count();
                    let payload = json!({ "known": known, "unknown": hashes.len() - known });
                    node_event("farm.node_models", &node, payload, now).write(transaction).await?;
                    tell_others(transaction).await?;
                    Ok(true)
                })
            })
            .await?;
        if noted {
            self.wake_workers();
        }
        Ok(noted)
    }

    /// The node that drew a job, as it is now, and when the attempt began there; none when no attempt came to a good end, or
    /// the node was removed since.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn drawn_by(&self, job: JobId) -> Result<Option<(Node, Time)>, StoreError> {
        let drawn = farm_attempt::Entity::find()
            .filter(farm_attempt::Column::JobId.eq(job.0))
            .filter(farm_attempt::Column::State.eq(AttemptState::Done.word()))
            .order_by_desc(farm_attempt::Column::Number)
            .one(&self.reader)
            .await
            .doing("look up who drew a job")?;
        let Some(drawn) = drawn else { return Ok(None) };
        let row = farm_node::Entity::find_by_id(drawn.node_id).one(&self.reader).await.doing("look up who drew a job")?;
        Ok(row.map(node).transpose()?.map(|node| (node, drawn.started_at)))
    }
}
