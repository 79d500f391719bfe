//! What the farm's tables promise, on both databases.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod databases;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use bible::Digest;
use chrono::{DateTime, TimeDelta, Utc};
use farm::attempt::{Ended, Outcome};
use farm::{
    AttemptState, Band, Capabilities, Cause, JobId, JobState, ModelHash, Money, NodeId, NodeState, Policy, Progress, Refusal, Requirements,
    Step, Time, Token, pick,
};
use serde_json::json;
use store::farm::{Budget, Claimed, JobFilter, NewJob, NewNode, NewPreview, Note, Report, Want, Wanted};
use store::{PageRequest, Project, Store, StoreError};
use uuid::Uuid;

const GIB: u64 = 1 << 30;

fn at(second: f64) -> Time {
    DateTime::<Utc>::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::microseconds((second * 1e6) as i64)
}

fn project(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn job(number: u128) -> JobId {
    JobId(Uuid::from_u128(1000 + number))
}

fn needs(model: &str, vram: u64) -> Requirements {
    Requirements {
        engine: "comfyui".to_owned(),
        template: model.to_owned(),
        classes: ["KSampler".to_owned()].into(),
        models: [format!("checkpoints/{model}")].into(),
        pinned: BTreeMap::new(),
        vram: vram * GIB,
        group: None,
    }
}

fn new(number: u128) -> NewJob {
    NewJob {
        id: job(number),
        project: project(1),
        user: "aiko".to_owned(),
        subject: format!("shot {number}"),
        band: Band::Normal,
        deadline: None,
        size: 1.0,
        needs: needs("a", 4),
        after: Vec::new(),
        payload: json!({ "number": number }),
        variants: 0,
        held: false,
    }
}

async fn begin(store: &Store) {
    for number in [1, 2] {
        let made = Project {
            id: project(number),
            slug: format!("project-{number}").parse().unwrap(),
            title: "Lanterns".to_owned(),
            description: String::new(),
            bible: Digest::of(b"bible"),
            created_at: at(0.0),
            updated_at: at(0.0),
        };
        assert!(store.create_project(&made).await.unwrap());
    }
}

async fn node(store: &Store, number: u128, worker: &str, per_hour: f64) -> NodeId {
    let new = NewNode {
        id: NodeId(Uuid::from_u128(number)),
        name: format!("node-{number:03}"),
        url: "http://node".to_owned(),
        groups: BTreeSet::new(),
        models_folder: None,
        per_hour: Money::from_units(per_hour),
        hours: None,
    };
    let name = new.name.clone();
    let id = store.add_farm_node(new, at(0.0)).await.unwrap();
    let models = ["a", "b", "big"].map(|model| format!("checkpoints/{model}")).into();
    let vram = if number >= 100 { 80 } else { 12 } * GIB;
    let capabilities =
        Capabilities { engine: "comfyui".to_owned(), classes: ["KSampler".to_owned()].into(), models, vram, ..Capabilities::default() };
    store.describe_farm_node(id, capabilities, at(0.0)).await.unwrap();
    let driven =
        store.drive_nodes(worker, &BTreeSet::new(), &[name.clone()].into(), usize::MAX, &Policy::default(), at(0.0)).await.unwrap();
    assert!(driven.iter().any(|node| node.name == name));
    // So long that tests need no heartbeats where they are about something else.
    store.farm_heartbeat(worker, &[], &Policy { lease: 1e6, ..Policy::default() }, at(0.0)).await.unwrap();
    id
}

/// Looks and claims, as a worker does.
async fn claim(store: &Store, worker: &str, nodes: &[NodeId], second: f64) -> Result<Vec<Claimed>, StoreError> {
    let policy = Policy::default();
    let view = store.farm_view(&policy, at(second)).await?;
    let mut queues = store.farm_queues().await?;
    let wants = nodes.iter().map(|id| {
        let node = view.nodes.iter().find(|node| node.id == *id).unwrap();
        let choices = pick::pick(node, &queues.lanes, &mut queues.shares, &view.view, &view.speeds, &policy, at(second));
        Want {
            node: *id,
            choices: choices.into_iter().map(|choice| (queues.lanes[choice.lane].id, choice)).collect(),
            prompt: Uuid::now_v7(),
        }
    });
    let wants = wants.collect();
    store.claim_jobs(wants, worker, &policy, at(second)).await
}

async fn end(store: &Store, claimed: &Claimed, outcome: Outcome, second: f64) -> store::farm::Reported {
    let report = Report {
        job: claimed.job.id,
        token: claimed.attempt.token,
        measured: matches!(outcome, Outcome::Done { .. }).then_some(20.0),
        outcome,
        result: Some(json!({ "files": ["a.png"] })),
        released: true,
    };
    store.farm_end(report, &Policy::default(), at(second), 0.5).await.unwrap()
}

fn done() -> Outcome {
    Outcome::Done { seconds: Some(20.0), smallest: None }
}

fn failed(cause: Cause) -> Outcome {
    Outcome::Failed { cause, reason: format!("{cause} trouble") }
}

async fn state(store: &Store, number: u128) -> JobState {
    store.farm_job(job(number)).await.unwrap().unwrap().job.state
}

async fn kinds(store: &Store) -> Vec<String> {
    let events = store.events_after(0, None, 10_000).await.unwrap();
    events.into_iter().map(|event| event.kind).filter(|kind| kind.starts_with("farm.") && !kind.starts_with("farm.node")).collect()
}

both_databases! {
    async fn a_job_goes_its_way_and_every_step_is_told(store: Store) {
        begin(&store).await;
        let node = node(&store, 1, "w", 0.0).await;
        assert_eq!(store.submit_jobs(vec![new(1), new(1)], at(1.0)).await.unwrap(), 1);
        assert_eq!(store.submit_jobs(vec![new(1)], at(2.0)).await.unwrap(), 0, "asking again changes nothing");
        let claimed = claim(&store, "w", &[node], 3.0).await.unwrap().remove(0);
        assert_eq!((claimed.job.id, claimed.attempt.state, claimed.attempt.token), (job(1), AttemptState::Leased, Token(1)));
        assert!(claim(&store, "w", &[node], 3.0).await.unwrap().is_empty(), "the node has something to do");
        for step in [Step::Sending, Step::Submitted, Step::Running, Step::Storing] {
            store.farm_advance(job(1), Token(1), step, &Policy::default(), at(4.0)).await.unwrap().unwrap();
        }
        assert_eq!(end(&store, &claimed, done(), 24.0).await, Ok(Ended::Done));
        let detail = store.farm_job(job(1)).await.unwrap().unwrap();
        assert_eq!((detail.job.state, detail.attempts.len(), detail.attempts[0].state), (JobState::Done, 1, AttemptState::Done));
        assert_eq!((detail.payload, detail.result), (json!({ "number": 1 }), Some(json!({ "files": ["a.png"] }))));
        let told = ["queued", "leased", "submitted", "running", "storing", "done"].map(|kind| format!("farm.{kind}"));
        assert_eq!(kinds(&store).await, told);
        let view = store.farm_view(&Policy::default(), at(25.0)).await.unwrap();
        assert_eq!(view.speeds.expect(node, "a", 1.0), (20.0, true));
        assert_eq!(view.nodes[0].resident, Some(needs("a", 4).residency()));
    }

    async fn many_workers_never_take_the_same_job(store: Store) {
        begin(&store).await;
        store.submit_jobs((0..60).map(new).collect(), at(1.0)).await.unwrap();
        let mut workers = Vec::new();
        for worker in 0..8_u128 {
            let name = format!("w{worker}");
            let nodes = [node(&store, worker * 2 + 1, &name, 0.0).await, node(&store, worker * 2 + 2, &name, 0.0).await];
            let store = store.clone();
            workers.push(tokio::spawn(async move {
                let (mut mine, mut idle) = (Vec::new(), 0);
                while idle < 3 {
                    let got = match claim(&store, &name, &nodes, 2.0).await {
                        Ok(got) => got,
                        Err(error) if error.retryable() => continue,
                        Err(error) => panic!("{error:?}"),
                    };
                    idle = if got.is_empty() { idle + 1 } else { 0 };
                    for claimed in got {
                        assert_eq!(end(&store, &claimed, done(), 22.0).await, Ok(Ended::Done));
                        mine.push(claimed.job.id);
                    }
                }
                mine
            }));
        }
        let mut all = Vec::new();
        for worker in workers {
            all.extend(worker.await.unwrap());
        }
        assert_eq!((all.len(), all.iter().collect::<HashSet<_>>().len()), (60, 60));
        assert_eq!(store.farm_counts(None).await.unwrap(), BTreeMap::from([(JobState::Done, 60)]));
        assert_eq!(store.farm_counts(Some(project(2))).await.unwrap(), BTreeMap::new());
    }

    async fn a_superseded_worker_changes_nothing(store: Store) {
        begin(&store).await;
        let policy = Policy::default();
        let (one, two) = (node(&store, 1, "w1", 0.0).await, node(&store, 2, "w2", 0.0).await);
        store.submit_jobs(vec![new(1)], at(1.0)).await.unwrap();
        let first = claim(&store, "w1", &[one], 2.0).await.unwrap().remove(0);
        store.farm_advance(job(1), first.attempt.token, Step::Submitted, &policy, at(3.0)).await.unwrap().unwrap();
        assert_eq!(store.sweep_farm(&policy, at(100.0)).await.unwrap().given_up, 0, "it may be running");
        assert_eq!(store.sweep_farm(&policy, at(800.0)).await.unwrap().given_up, 1);
        let second = claim(&store, "w2", &[two], 801.0).await.unwrap().remove(0);
        assert!(second.attempt.token > first.attempt.token);
        let events = kinds(&store).await;
        assert!(end(&store, &first, done(), 802.0).await.is_err());
        assert!(store.farm_advance(job(1), first.attempt.token, Step::Storing, &policy, at(802.0)).await.unwrap().is_err());
        assert_eq!(store.farm_heartbeat("w1", &[(job(1), first.attempt.token)], &policy, at(802.0)).await.unwrap()[0].heard, None);
        assert_eq!(kinds(&store).await, events);
        assert!(claim(&store, "w1", &[one], 803.0).await.unwrap().is_empty(), "its node may still work on the old try");
        assert_eq!(end(&store, &second, done(), 820.0).await, Ok(Ended::Done));
        let orphans = store.orphans(one).await.unwrap();
        assert_eq!((orphans.len(), orphans[0].live), (1, false));
        assert!(store.release_slot(job(1), 1, at(821.0)).await.unwrap());
        assert!(!store.release_slot(job(1), 1, at(821.0)).await.unwrap());
        store.submit_jobs(vec![new(2)], at(822.0)).await.unwrap();
        assert_eq!(claim(&store, "w1", &[one], 823.0).await.unwrap().len(), 1);
    }

    async fn the_next_worker_of_a_node_takes_its_attempt_over(store: Store) {
        begin(&store).await;
        let policy = Policy::default();
        let id = node(&store, 1, "w1", 0.0).await;
        store.submit_jobs(vec![new(1)], at(1.0)).await.unwrap();
        let first = claim(&store, "w1", &[id], 2.0).await.unwrap().remove(0);
        let all = BTreeSet::new();
        assert!(store.drive_nodes("w2", &all, &all, 9, &policy, at(20.0)).await.unwrap().is_empty(), "w1 lives");
        assert!(store.adopt(job(1), "w2", &policy, at(20.0)).await.unwrap().is_err(), "w2 does not drive the node");
        let late = 1e6 + 100.0;
        assert_eq!(store.drive_nodes("w2", &all, &all, 9, &policy, at(late)).await.unwrap().len(), 1);
        let token = store.adopt(job(1), "w2", &policy, at(late)).await.unwrap().unwrap();
        assert!(end(&store, &first, done(), late).await.is_err());
        let mut second = first;
        second.attempt.token = token;
        assert_eq!(end(&store, &second, done(), late).await, Ok(Ended::Done));
        let detail = store.farm_job(job(1)).await.unwrap().unwrap();
        assert_eq!((detail.attempts.len(), detail.attempts[0].prompt), (1, second.attempt.prompt), "the same ticket");
    }

    async fn jobs_wait_for_what_they_need(store: Store) {
        begin(&store).await;
        let node = node(&store, 1, "w", 0.0).await;
        let after = NewJob { after: vec![job(1), job(2)], ..new(3) };
        store.submit_jobs(vec![after, new(1), new(2)], at(1.0)).await.unwrap();
        assert_eq!(state(&store, 3).await, JobState::Blocked);
        for second in [2.0, 3.0] {
            let claimed = claim(&store, "w", &[node], second).await.unwrap().remove(0);
            assert_ne!(claimed.job.id, job(3));
            end(&store, &claimed, done(), second + 20.0).await.unwrap();
        }
        assert_eq!(state(&store, 3).await, JobState::Queued);
        // What is done already is not waited for.
        store.submit_jobs(vec![NewJob { after: vec![job(1)], ..new(4) }], at(30.0)).await.unwrap();
        assert_eq!(state(&store, 4).await, JobState::Queued);
    }

    async fn failures_are_retried_by_their_cause(store: Store) {
        begin(&store).await;
        let (small, large) = (node(&store, 1, "w", 0.0).await, node(&store, 100, "v", 0.0).await);
        store.submit_jobs(vec![NewJob { variants: 1, ..new(1) }, new(2)], at(1.0)).await.unwrap();
        // Memory: first the variant that takes less, then a larger node.
        let claimed = claim(&store, "w", &[small], 2.0).await.unwrap().remove(0);
        assert_eq!(end(&store, &claimed, failed(Cause::Memory), 3.0).await, Ok(Ended::Again { cause: Some(Cause::Memory), larger_node: false }));
        assert_eq!((state(&store, 1).await, store.farm_job(job(1)).await.unwrap().unwrap().job.variant), (JobState::Backoff, 1));
        assert_eq!(store.sweep_farm(&Policy::default(), at(10.0)).await.unwrap().woken, 1);
        let claimed = claim(&store, "w", &[small], 11.0).await.unwrap().remove(0);
        assert_eq!(claimed.job.id, job(1), "it keeps its place");
        assert_eq!(end(&store, &claimed, failed(Cause::Memory), 12.0).await, Ok(Ended::Again { cause: Some(Cause::Memory), larger_node: true }));
        store.sweep_farm(&Policy::default(), at(30.0)).await.unwrap();
        assert_eq!(claim(&store, "w", &[small], 31.0).await.unwrap()[0].job.id, job(2), "the small node does not get it again");
        let claimed = claim(&store, "v", &[large], 32.0).await.unwrap().remove(0);
        assert_eq!(claimed.job.id, job(1));
        // A wrong request is not tried again, unless somebody says so.
        assert_eq!(end(&store, &claimed, failed(Cause::Validation), 33.0).await, Ok(Ended::Failed));
        let why = store.why_job_waits(job(1), &Policy::default(), at(34.0)).await.unwrap().unwrap().to_string();
        assert_eq!(why, "It is failed: validation trouble; memory trouble.");
        assert_eq!(store.retry_job(job(1), at(35.0)).await.unwrap(), Some(JobState::Queued));
    }

    async fn a_node_that_fails_on_several_jobs_is_set_aside(store: Store) {
        begin(&store).await;
        let id = node(&store, 1, "w", 0.0).await;
        store.submit_jobs((1..=4).map(new).collect(), at(1.0)).await.unwrap();
        for second in [2.0, 3.0, 4.0] {
            let claimed = claim(&store, "w", &[id], second).await.unwrap().remove(0);
            assert!(matches!(end(&store, &claimed, failed(Cause::Node), second).await, Ok(Ended::Again { .. })));
        }
        assert_eq!(store.farm_nodes().await.unwrap()[0].state, NodeState::Aside);
        assert!(claim(&store, "w", &[id], 10.0).await.unwrap().is_empty());
        let why = store.why_job_waits(job(4), &Policy::default(), at(10.0)).await.unwrap().unwrap().to_string();
        assert_eq!(why, "The one node that fits is away: 1 set aside after failures.");
        assert!(store.drain_farm_node("node-001", false, at(11.0)).await.unwrap());
        let claimed = claim(&store, "w", &[id], 12.0).await.unwrap().remove(0);
        assert_eq!(claimed.job.id, job(4), "the others keep away from it for a while");
    }

    async fn people_hold_pause_drain_and_cancel(store: Store) {
        begin(&store).await;
        let id = node(&store, 1, "w", 0.0).await;
        store.submit_jobs(vec![new(1), NewJob { project: project(2), ..new(2) }], at(1.0)).await.unwrap();
        assert_eq!(store.hold_job(job(1), true, at(2.0)).await.unwrap(), Some(JobState::Held));
        store.pause_farm(Some(project(2)), true, at(2.0)).await.unwrap();
        assert!(claim(&store, "w", &[id], 3.0).await.unwrap().is_empty());
        let why = async |number| store.why_job_waits(job(number), &Policy::default(), at(3.0)).await.unwrap().unwrap().to_string();
        assert_eq!([why(1).await, why(2).await], ["It is held back: release it to go on.", "Its project is paused."]);
        store.hold_job(job(1), false, at(4.0)).await.unwrap();
        assert!(store.drain_farm_node("node-001", true, at(4.0)).await.unwrap());
        assert!(claim(&store, "w", &[id], 5.0).await.unwrap().is_empty());
        store.drain_farm_node("node-001", false, at(6.0)).await.unwrap();
        let claimed = claim(&store, "w", &[id], 7.0).await.unwrap().remove(0);
        assert_eq!(store.cancel_job(job(1), at(8.0)).await.unwrap(), Some(JobState::Active));
        let heard = store.farm_heartbeat("w", &[(job(1), claimed.attempt.token)], &Policy::default(), at(9.0)).await.unwrap();
        assert!(heard[0].heard.unwrap().cancel);
        assert_eq!(end(&store, &claimed, Outcome::Cancelled, 10.0).await, Ok(Ended::Cancelled));
        assert_eq!(store.cancel_job(job(2), at(11.0)).await.unwrap(), Some(JobState::Cancelled));
        assert_eq!(store.cancel_job(job(99), at(11.0)).await.unwrap(), None);
        store.pause_farm(Some(project(2)), false, at(12.0)).await.unwrap();
        assert_eq!(store.farm_pauses().await.unwrap(), (Vec::new(), false));
    }

    async fn a_project_of_twice_the_weight_gets_twice_as_much_drawn(store: Store) {
        begin(&store).await;
        let id = node(&store, 1, "w", 0.0).await;
        store.set_farm_budget(project(2), Budget { weight: 2.0, ..Budget::default() }, at(0.0)).await.unwrap();
        let theirs = |number| NewJob { project: project(2), ..new(number) };
        store.submit_jobs((1..=20).map(new).chain((21..=40).map(theirs)).collect(), at(1.0)).await.unwrap();
        let mut drawn = BTreeMap::from([(project(1), 0), (project(2), 0)]);
        for turn in 0..18 {
            let second = 2.0 + 30.0 * f64::from(turn);
            let claimed = claim(&store, "w", &[id], second).await.unwrap().remove(0);
            *drawn.get_mut(&claimed.job.project).unwrap() += 1;
            end(&store, &claimed, done(), second + 20.0).await.unwrap();
        }
        assert_eq!(drawn, BTreeMap::from([(project(1), 6), (project(2), 12)]));
    }

    async fn a_budget_is_kept_and_the_ledger_adds_up(store: Store) {
        begin(&store).await;
        let policy = Policy::default();
        // 6 an hour: an attempt may cost a tenth of that (600 s) at most, and 20 s cost 0.0333.
        let ids = [node(&store, 1, "w", 6.0).await, node(&store, 2, "w", 6.0).await];
        store.set_farm_budget(project(1), Budget { per_day: Some(Money::from_units(1.05)), total: None, weight: 1.0 }, at(0.0)).await.unwrap();
        store.submit_jobs((1..=3).map(new).collect(), at(1.0)).await.unwrap();
        let mut claimed = claim(&store, "w", &ids, 2.0).await.unwrap();
        assert_eq!(claimed.len(), 1, "two could cost 2.00 together");
        let why = store.why_job_waits(job(2), &policy, at(3.0)).await.unwrap().unwrap().to_string();
        assert!(why.starts_with("The budget of 1.05 a day does not allow it: 0.00 are spent, 1.00 are set aside"), "{why}");
        end(&store, &claimed.remove(0), done(), 22.0).await.unwrap();
        let mut claimed = claim(&store, "w", &ids, 30.0).await.unwrap();
        assert_eq!(claimed.len(), 1);
        end(&store, &claimed.remove(0), done(), 50.0).await.unwrap();
        let (today, total) = store.farm_spending(project(1), at(50.0)).await.unwrap();
        assert_eq!(today, total);
        assert_eq!(today.reserved, Money::ZERO);
        let entries = store.farm_ledger(None, 0, 1000).await.unwrap();
        let sum = |kind: &str| entries.iter().filter(|entry| entry.kind.to_string() == kind).map(|entry| entry.amount).sum::<Money>();
        assert_eq!(sum("spend"), today.spent);
        assert_eq!(sum("reserve"), sum("release"));
        assert!(sum("idle") > Money::ZERO, "nodes cost while they wait");
        // As people read it: the newest first, with what was spent and set aside after each entry.
        let (mut read, mut before) = (Vec::new(), None);
        loop {
            let page = store.farm_ledger_page(Some(project(1)), before, 2).await.unwrap();
            read.extend(page.items);
            let Some(cursor) = page.next_cursor else { break };
            before = Some(cursor.parse().unwrap());
        }
        let told: Vec<_> = read.iter().rev().map(|line| (line.entry.kind.to_string(), line.reserved, line.spent)).collect();
        let (one, each) = (Money::from_units(1.0), today.spent.units() / 2.0);
        let each = Money::from_units(each);
        let expected = [("reserve", one, 0), ("release", Money::ZERO, 0), ("spend", Money::ZERO, 1), ("reserve", one, 1), ("release", Money::ZERO, 1), ("spend", Money::ZERO, 2)];
        let expected: Vec<_> = expected.map(|(kind, reserved, spent)| (kind.to_owned(), reserved, (0..spent).map(|_| each).sum::<Money>())).into();
        assert_eq!(told, expected);
        assert_eq!((read[0].subject.as_deref(), read[0].node_name.as_deref()), (Some("shot 2"), Some("node-001")));
        let all = store.farm_ledger_page(None, None, 1).await.unwrap();
        assert!(all.items[0].spent > today.spent, "what nodes cost while they wait is the farm's");
        assert_eq!(claim(&store, "w", &ids, 60.0).await.unwrap().len(), 0, "0.0666 are spent, 1.00 more is too much");
        let page = store.farm_jobs(&JobFilter { states: vec![JobState::Done], ..JobFilter::default() }, PageRequest::new(1, None).unwrap()).await.unwrap();
        assert_eq!((page.items.len(), page.next_cursor.is_some()), (1, true));
    }

    async fn how_far_an_attempt_is_is_noted_under_its_newest_lease_and_its_picture_is_gone_with_it(store: Store) {
        begin(&store).await;
        let ids = [node(&store, 1, "w", 0.0).await, node(&store, 2, "w", 0.0).await];
        store.submit_jobs(vec![new(1), new(2)], at(1.0)).await.unwrap();
        let claimed = claim(&store, "w", &ids, 2.0).await.unwrap();
        let progress = |second, step| Progress {
            at: at(second),
            class: Some("KSampler".to_owned()),
            step: Some(step),
            steps: Some(20),
            nodes_done: 4,
            nodes: 7,
            fraction: 0.6,
        };
        let note = |of: usize, token, second, step, picture: &[u8]| Note {
            job: claimed[of].job.id,
            token,
            progress: progress(second, step),
            preview: (!picture.is_empty()).then(|| NewPreview { media_type: "image/jpeg", bytes: picture.to_vec() }),
        };
        let token = claimed[0].attempt.token;
        assert_eq!(store.note_progress(vec![note(1, claimed[1].attempt.token, 5.0, 3, b""), note(0, token, 5.0, 2, b"one")]).await.unwrap(), 2);
        assert_eq!(store.note_progress(vec![note(0, token, 6.0, 4, b"two")]).await.unwrap(), 1, "the newest replaces the one before");
        assert_eq!(store.note_progress(vec![note(0, token, 7.0, 5, b"")]).await.unwrap(), 1, "the picture stays until there is a newer one");
        assert_eq!(store.note_progress(vec![note(0, Token(token.0 - 1), 9.0, 19, b"late")]).await.unwrap(), 0, "a lease that is superseded");
        let preview = store.farm_preview(claimed[0].job.id).await.unwrap().unwrap();
        assert_eq!((preview.bytes.as_slice(), preview.at, preview.number), (&b"two"[..], at(6.0), 1));
        assert_eq!(store.farm_preview(claimed[1].job.id).await.unwrap(), None);
        let page = store.farm_jobs(&JobFilter::default(), PageRequest::new(10, None).unwrap()).await.unwrap();
        let steps: BTreeMap<JobId, Option<u32>> = page.items.iter().map(|view| (view.job.id, view.progress.as_ref().and_then(|progress| progress.step))).collect();
        assert_eq!(steps, BTreeMap::from([(claimed[0].job.id, Some(5)), (claimed[1].job.id, Some(3))]));
        assert_eq!(store.under_way(None, at(5.5)).await.unwrap().len(), 1, "what was noted since");
        assert_eq!(store.under_way(Some(project(2)), at(0.0)).await.unwrap(), []);

        // A step that is reported later does not undo what was noted.
        store.farm_advance(claimed[0].job.id, token, Step::Submitted, &Policy::default(), at(8.0)).await.unwrap().unwrap();
        end(&store, &claimed[0], done(), 30.0).await.unwrap();
        assert_eq!(store.farm_preview(claimed[0].job.id).await.unwrap(), None);
        assert_eq!(store.note_progress(vec![note(0, token, 31.0, 20, b"after")]).await.unwrap(), 0, "it has ended");
        let detail = store.farm_job(claimed[0].job.id).await.unwrap().unwrap();
        assert_eq!(detail.attempts[0].progress.as_ref().and_then(|progress| progress.step), Some(5), "how far it was is known");
        store.note_progress(vec![note(1, claimed[1].attempt.token, 31.0, 9, b"other")]).await.unwrap();
        let lost = Outcome::Failed { cause: Cause::Memory, reason: "memory".to_owned() };
        end(&store, &claimed[1], lost, 32.0).await.unwrap();
        assert_eq!(store.farm_preview(claimed[1].job.id).await.unwrap(), None);
    }

    async fn whoever_has_to_end_a_drawing_is_told_which(store: Store) {
        begin(&store).await;
        let id = node(&store, 1, "w", 0.0).await;
        store.submit_jobs(vec![new(1), new(2)], at(1.0)).await.unwrap();
        let claimed = claim(&store, "w", &[id], 2.0).await.unwrap().remove(0);
        let other = if claimed.job.id == job(1) { job(2) } else { job(1) };
        let mut to_end = store.farm_to_end(std::time::Duration::from_secs(60));
        store.cancel_job(other, at(3.0)).await.unwrap();
        store.cancel_job(claimed.job.id, at(3.0)).await.unwrap();
        assert_eq!(to_end.next().await, Wanted::Jobs(vec![claimed.job.id]), "what nobody draws has ended already");
        assert_eq!(store.jobs_to_end(&[claimed.job.id, job(9)]).await.unwrap(), [claimed.job.id]);
    }

    async fn a_job_whose_model_is_pinned_waits_for_a_node_that_has_that_file(store: Store) {
        begin(&store).await;
        let (pinned, folder) = (Digest::of(b"ours"), Some(std::path::PathBuf::from("/srv/models")));
        let first = node(&store, 1, "w", 0.0).await;
        let with_folder = |number: u128| NewNode {
            id: NodeId(Uuid::from_u128(number)),
            name: format!("node-{number:03}"),
            url: "http://node".to_owned(),
            groups: BTreeSet::new(),
            models_folder: Some("/srv/models".into()),
            per_hour: Money::ZERO,
            hours: None,
        };
        assert_eq!(store.add_farm_node(with_folder(1), at(0.5)).await.unwrap(), first);
        let job_of = |number| {
            let new = new(number);
            NewJob { needs: Requirements { pinned: [("checkpoints/a".to_owned(), pinned)].into(), ..new.needs }, ..new }
        };
        store.submit_jobs(vec![job_of(1), job_of(2)], at(1.0)).await.unwrap();
        let why = async |number| store.why_job_waits(job(number), &Policy::default(), at(2.0)).await.unwrap().unwrap().to_string();
        assert_eq!(why(1).await, "No node has a hash of checkpoints/a yet, which is pinned: a worker reads the file first.");
        let known = |blake3| {
            let known = ModelHash::Known { blake3, sha256: "0".repeat(64), bytes: 4, changed: at(0.0) };
            BTreeMap::from([("checkpoints/a".to_owned(), known)])
        };
        assert!(!store.note_model_hashes(first, None, known(pinned), at(2.0)).await.unwrap(), "that was another folder");
        let other = Digest::of(b"another");
        assert!(store.note_model_hashes(first, folder.clone(), known(other), at(2.0)).await.unwrap());
        let lacks = format!("the file checkpoints/a that is pinned, with BLAKE3 {} (the one of this name that is there has {})", pinned.short(), other.short());
        assert_eq!(why(1).await, format!("No node has {lacks}."));
        assert!(claim(&store, "w", &[first], 2.0).await.unwrap().is_empty());

        let second = node(&store, 2, "w", 0.0).await;
        store.add_farm_node(with_folder(2), at(2.5)).await.unwrap();
        store.note_model_hashes(second, folder, known(pinned), at(2.5)).await.unwrap();
        let claimed = claim(&store, "w", &[first, second], 3.0).await.unwrap();
        assert_eq!(claimed.iter().map(|claimed| claimed.attempt.node).collect::<Vec<_>>(), [second]);
        let waits = if claimed[0].job.id == job(1) { 2 } else { 1 };
        assert_eq!(why(waits).await, format!("The one node that fits is taken. node-001 is not used for it: it lacks {lacks}."));
        end(&store, &claimed[0], done(), 20.0).await.unwrap();
        let (drew, began) = store.drawn_by(claimed[0].job.id).await.unwrap().unwrap();
        assert_eq!((drew.id, began, drew.hashes), (second, at(3.0), known(pinned)));
        // Said anew, and its folder is another one: what was read in the first says nothing of it.
        store.add_farm_node(NewNode { models_folder: None, ..with_folder(1) }, at(21.0)).await.unwrap();
        assert!(store.farm_nodes().await.unwrap()[0].hashes.is_empty());
    }

    async fn whoever_waits_is_woken_and_misses_nothing_in_between(store: Store) {
        begin(&store).await;
        let mut wake = store.farm_wake().await.unwrap();
        wake.looking();
        // Told between the look and the wait.
        store.submit_jobs(vec![new(1)], at(1.0)).await.unwrap();
        assert!(wake.wait(std::time::Duration::from_secs(5)).await);
    }

    async fn what_a_program_does_wrong_is_refused_by_the_database(store: Store) {
        begin(&store).await;
        let id = node(&store, 1, "w", 0.0).await;
        store.submit_jobs(vec![new(1), new(2)], at(1.0)).await.unwrap();
        claim(&store, "w", &[id], 2.0).await.unwrap();
        assert_eq!(store.farm_advance(job(2), Token(1), Step::Submitted, &Policy::default(), at(3.0)).await.unwrap(), Err(Refusal::Superseded { held: 1, newest: 0 }));
        assert_eq!(store.farm_advance(job(9), Token(1), Step::Submitted, &Policy::default(), at(3.0)).await.unwrap(), Err(Refusal::Unknown));
        assert!(!store.remove_farm_node("node-001", at(4.0)).await.unwrap(), "it draws");
    }
}

#[tokio::test]
async fn a_node_that_is_changed_keeps_what_its_worker_writes_at_the_same_moment_on_postgresql() {
    use sea_orm::{ConnectionTrait, TransactionTrait};
    let url = databases::postgres_url();
    let store = Store::open(&url.parse().unwrap()).await.unwrap();
    begin(&store).await;
    let id = node(&store, 1, "w", 0.0).await;
    // Somebody has the row, and changes it.
    let other = sea_orm::Database::connect(&url).await.unwrap();
    let transaction = other.begin().await.unwrap();
    transaction.execute_unprepared("UPDATE farm_nodes SET state = 'draining', resident = 'models'").await.unwrap();
    let new = NewNode {
        id,
        name: "node-001".to_owned(),
        url: "http://moved".to_owned(),
        groups: BTreeSet::new(),
        models_folder: None,
        per_hour: Money::ZERO,
        hours: None,
    };
    let changing = tokio::spawn({
        let store = store.clone();
        async move { store.add_farm_node(new, at(1.0)).await.unwrap() }
    });
    let waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    let waits = sea_orm::Statement::from_string(sea_orm::DatabaseBackend::Postgres, waits);
    while other.query_one_raw(waits.clone()).await.unwrap().is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    transaction.commit().await.unwrap();
    assert_eq!(changing.await.unwrap(), id);
    let node = store.farm_nodes().await.unwrap().remove(0);
    assert_eq!((node.url.as_str(), node.state, node.resident.as_deref()), ("http://moved", NodeState::Draining, Some("models")));
}

#[tokio::test]
async fn workers_of_other_processes_are_told_what_to_end_on_postgresql() {
    let store = databases::postgres().await;
    begin(&store).await;
    let id = node(&store, 1, "w", 0.0).await;
    store.submit_jobs(vec![new(1)], at(1.0)).await.unwrap();
    claim(&store, "w", &[id], 2.0).await.unwrap();
    let other = Store::open(&store.health().await.unwrap().url.parse().unwrap()).await.unwrap();
    let mut to_end = other.farm_to_end(std::time::Duration::from_secs(60));
    let mut wake = other.farm_wake().await.unwrap();
    wake.looking();
    store.cancel_job(job(1), at(3.0)).await.unwrap();
    assert_eq!(tokio::time::timeout(std::time::Duration::from_secs(5), to_end.next()).await.unwrap(), Wanted::Jobs(vec![job(1)]));
    assert!(!wake.wait(std::time::Duration::from_millis(50)).await, "there is nothing new to draw");
}

#[tokio::test]
async fn workers_of_other_processes_are_woken_on_postgresql() {
    let store = databases::postgres().await;
    begin(&store).await;
    let other = Store::open(&store.health().await.unwrap().url.parse().unwrap()).await.unwrap();
    let mut wake = other.farm_wake().await.unwrap();
    wake.looking();
    store.submit_jobs(vec![new(1)], at(1.0)).await.unwrap();
    assert!(wake.wait(std::time::Duration::from_secs(5)).await);
}
