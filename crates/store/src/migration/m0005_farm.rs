//! The render farm: jobs and what they need, tries with their leases, nodes and their speed, fair shares, money.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, boolean, double, integer, json_binary, small_integer, string, text, timestamp_with_time_zone, uuid,
};

use super::{index, key, reference, table};

pub(super) struct Farm;

impl MigrationName for Farm {
    fn name(&self) -> &'static str {
        "m0005_farm"
    }
}

const TABLES: [&str; 13] = [
    "farm_ledger",
    "farm_spending",
    "farm_budgets",
    "farm_pauses",
    "farm_shares",
    "farm_speeds",
    "farm_attempts",
    "farm_dependencies",
    "farm_payloads",
    "farm_jobs",
    "farm_lanes",
    "farm_classes",
    "farm_nodes",
];

fn jobs() -> [TableCreateStatement; 5] {
    let name = Alias::new;
    [
        table("farm_classes").col(string(name("id")).primary_key()).col(json_binary(name("needs"))).to_owned(),
        table("farm_lanes")
            .col(big_integer(name("id")).auto_increment().primary_key())
            .col(small_integer(name("band")))
            .col(uuid(name("project_id")))
            .col(string(name("user_name")))
            .col(string(name("class")))
            .col(timestamp_with_time_zone(name("used_at")))
            .foreign_key(&mut reference("farm_lanes", "class", "farm_classes", "id"))
            .to_owned(),
        table("farm_jobs")
            .col(key("id"))
            .col(big_integer(name("lane_id")))
            .col(uuid(name("project_id")))
            .col(string(name("user_name")))
            .col(text(name("subject")))
            .col(small_integer(name("band")))
            .col(timestamp_with_time_zone(name("deadline")).null())
            // The deadline in microseconds, or the end of time: jobs of a lane go in this order, then by age.
            .col(big_integer(name("due")))
            .col(string(name("class")))
            .col(double(name("size")))
            .col(string(name("state")))
            .col(big_integer(name("token")))
            .col(integer(name("attempts")))
            .col(json_binary(name("failures")))
            .col(integer(name("variant")))
            .col(integer(name("variants")))
            .col(integer(name("open_dependencies")))
            .col(timestamp_with_time_zone(name("run_after")).null())
            .col(timestamp_with_time_zone(name("queued_at")))
            .col(boolean(name("cancel_requested")))
            .col(boolean(name("held")))
            .col(timestamp_with_time_zone(name("created_at")))
            .col(timestamp_with_time_zone(name("ended_at")).null())
            .foreign_key(&mut reference("farm_jobs", "project_id", "projects", "id"))
            .to_owned(),
        table("farm_payloads")
            .col(key("job_id"))
            .col(json_binary(name("payload")))
            .col(json_binary(name("result")).null())
            .foreign_key(&mut reference("farm_payloads", "job_id", "farm_jobs", "id"))
            .to_owned(),
        table("farm_dependencies")
            .col(uuid(name("job_id")))
            .col(uuid(name("needs_id")))
            .primary_key(Index::create().col(name("job_id")).col(name("needs_id")))
            .foreign_key(&mut reference("farm_dependencies", "job_id", "farm_jobs", "id"))
            .to_owned(),
    ]
}

fn nodes() -> [TableCreateStatement; 3] {
    let name = Alias::new;
    [
        table("farm_nodes")
            .col(key("id"))
            .col(string(name("name")).unique_key())
            .col(text(name("url")))
            .col(json_binary(name("groups")))
            .col(string(name("state")))
            .col(timestamp_with_time_zone(name("aside_until")).null())
            .col(json_binary(name("capabilities")))
            .col(big_integer(name("per_hour")))
            .col(string(name("hours")).null())
            .col(string(name("resident")).null())
            .col(timestamp_with_time_zone(name("last_seen")).null())
            .col(string(name("worker")).null())
            .col(timestamp_with_time_zone(name("worker_until")).null())
            .col(json_binary(name("health")))
            .col(timestamp_with_time_zone(name("idle_since")).null())
            .to_owned(),
        // Tries outlive their jobs: a node's slot is held until it is known that the node does not work on it.
        table("farm_attempts")
            .col(uuid(name("job_id")))
            .col(integer(name("number")))
            .col(uuid(name("project_id")))
            .col(big_integer(name("token")))
            .col(uuid(name("prompt")))
            .col(uuid(name("node_id")))
            .col(string(name("worker")))
            .col(string(name("state")))
            .col(timestamp_with_time_zone(name("lease_until")))
            .col(timestamp_with_time_zone(name("started_at")))
            .col(timestamp_with_time_zone(name("running_at")).null())
            .col(timestamp_with_time_zone(name("ended_at")).null())
            .col(boolean(name("released")))
            .col(boolean(name("swapped")))
            .col(double(name("expected")))
            .col(big_integer(name("reserved")))
            .col(big_integer(name("cost")))
            .col(string(name("cause")).null())
            .col(text(name("reason")).null())
            .primary_key(Index::create().col(name("job_id")).col(name("number")))
            .to_owned(),
        table("farm_speeds")
            .col(uuid(name("node_id")))
            .col(string(name("template")))
            .col(double(name("seconds")))
            .col(integer(name("jobs")))
            .col(double(name("swap")).null())
            .primary_key(Index::create().col(name("node_id")).col(name("template")))
            .foreign_key(&mut reference("farm_speeds", "node_id", "farm_nodes", "id"))
            .to_owned(),
    ]
}

fn shares_and_money() -> [TableCreateStatement; 5] {
    let name = Alias::new;
    [
        table("farm_shares")
            .col(small_integer(name("band")))
            .col(uuid(name("project_id")))
            // Empty for the project's own clock.
            .col(string(name("user_name")))
            .col(double(name("clock")))
            .primary_key(Index::create().col(name("band")).col(name("project_id")).col(name("user_name")))
            .to_owned(),
        table("farm_pauses").col(key("project_id")).col(timestamp_with_time_zone(name("at"))).to_owned(),
        table("farm_budgets")
            .col(key("project_id"))
            .col(big_integer(name("per_day")).null())
            .col(big_integer(name("total")).null())
            .col(double(name("weight")))
            .to_owned(),
        table("farm_spending")
            .col(uuid(name("project_id")))
            // `2026-03-01`, or `total`.
            .col(string(name("day")))
            .col(big_integer(name("spent")))
            .col(big_integer(name("reserved")))
            .primary_key(Index::create().col(name("project_id")).col(name("day")))
            .to_owned(),
        table("farm_ledger")
            .col(big_integer(name("sequence")).auto_increment().primary_key())
            .col(timestamp_with_time_zone(name("at")))
            .col(string(name("kind")))
            .col(uuid(name("project_id")).null())
            .col(uuid(name("job_id")).null())
            .col(uuid(name("node_id")).null())
            .col(big_integer(name("amount")))
            .col(double(name("seconds")))
            .to_owned(),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Farm {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in jobs().into_iter().chain(nodes()).chain(shares_and_money()) {
            manager.create_table(table).await?;
        }
        let indices = [
            index("farm_lanes", &["band", "project_id", "user_name", "class"], true),
            index("farm_jobs", &["project_id", "id"], false),
            index("farm_jobs", &["state", "project_id"], false),
            index("farm_dependencies", &["needs_id"], false),
            index("farm_ledger", &["project_id", "sequence"], false),
            index("farm_attempts", &["node_id", "started_at"], false),
        ];
        for index in indices {
            manager.create_index(index).await?;
        }
        let connection = manager.get_connection();
        let partial = [
            // A lane's head is found here, however many wait behind it.
            "CREATE INDEX ix_farm_jobs_head ON farm_jobs (lane_id, due, id) WHERE state = 'queued'",
            "CREATE INDEX ix_farm_jobs_backoff ON farm_jobs (run_after) WHERE state = 'backoff'",
            // A node has one try at a time, and a job one that is under way: whatever a program does wrong.
            "CREATE UNIQUE INDEX ix_farm_attempts_slot ON farm_attempts (node_id) WHERE NOT released",
            "CREATE UNIQUE INDEX ix_farm_attempts_live ON farm_attempts (job_id) WHERE ended_at IS NULL",
        ];
        for statement in partial {
            connection.execute_unprepared(statement).await?;
        }
        let append_only: &[&str] = match manager.get_database_backend() {
            sea_orm::DatabaseBackend::Postgres => &[
                "CREATE FUNCTION farm_ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$",
                "CREATE TRIGGER farm_ledger_append_only BEFORE UPDATE OR DELETE ON farm_ledger \
                 FOR EACH ROW EXECUTE FUNCTION farm_ledger_is_append_only()",
            ],
            _ => &[
                "CREATE TRIGGER farm_ledger_no_update BEFORE UPDATE ON farm_ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
                "CREATE TRIGGER farm_ledger_no_delete BEFORE DELETE ON farm_ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
            ],
        };
        for statement in append_only {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            manager.drop_table(Table::drop().table(Alias::new(table)).to_owned()).await?;
        }
        if manager.get_database_backend() == sea_orm::DatabaseBackend::Postgres {
            manager.get_connection().execute_unprepared("DROP FUNCTION farm_ledger_is_append_only()").await?;
        }
        Ok(())
    }
}
