//! The worker: one prompt after the other, one node after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::cache::{Signature, link, signatures};
use crate::exception::Exception;
use crate::history::Ended;
use crate::house::{ByNode, House, Life, now_ms};
use crate::nodes::{Call, Left, Output, Stop, class};
use crate::queue::Item;
use crate::schedule::{Fault, Point};
use crate::sockets::{Outgoing, Picture};

/// Runs prompts until the life is over, or until the worker dies.
pub(crate) async fn work(house: Arc<House>, life: Arc<Life>) {
    loop {
        let item = tokio::select! {
            item = life.queue.next() => item,
            () = life.over.cancelled() => return,
        };
        let Ok(item) = item else {
            tracing::info!("the worker died of two entries of the same number and id");
            return;
        };
        let run = {
            let (house, life) = (Arc::clone(&house), Arc::clone(&life));
            // Nodes keep a thread busy, as they do on a real server.
            tokio::task::spawn_blocking(move || Run::new(&house, &life, item).run())
        };
        match run.await {
            Ok(true) => {}
            Ok(false) | Err(_) => return,
        }
    }
}

/// One prompt at work.
struct Run<'a> {
    house: &'a House,
    life: &'a Life,
    item: Item,
    graph: Value,
    client: Option<String>,
    signatures: BTreeMap<String, Signature>,
    results: BTreeMap<String, Left>,
    executed: Vec<String>,
    progress: std::sync::Mutex<Map<String, Value>>,
    outputs: ByNode,
    messages: Vec<(&'static str, Value)>,
}

/// How a node ended.
enum NodeEnd {
    Done,
    Failed(Exception),
    Interrupted,
    WorkerGone,
}

impl<'a> Run<'a> {
    fn new(house: &'a House, life: &'a Life, item: Item) -> Self {
        let client = item.client().map(str::to_owned);
        let graph = Value::Object(item.graph.clone());
        let signatures = signatures(&item.graph, &house.folders);
        Self {
            house,
            life,
            client,
            graph,
            signatures,
            item,
            results: BTreeMap::new(),
            executed: Vec::new(),
            progress: std::sync::Mutex::default(),
            outputs: ByNode::new(),
            messages: Vec::new(),
        }
    }

    /// Sends only to the prompt's client; without one, nobody is told.
    fn tell(&self, kind: &str, data: Value) {
        if let Some(client) = &self.client {
            self.life.tell(Some(client), kind, data);
        }
    }

    /// A message that is sent and also kept in the history.
    fn message(&mut self, kind: &'static str, data: Value) {
        self.tell(kind, data.clone());
        self.messages.push((kind, data));
    }

    /// Progress goes to the client, or to everybody when the prompt has none.
    fn tell_progress(&self, node: &str, value: &Value, max: &Value, state: &str) {
        let id = &self.item.prompt_id;
        let mut progress = self.progress.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let entry = json!({"value": value, "max": max, "state": state, "node_id": node, "prompt_id": id,
            "display_node_id": node, "parent_node_id": null, "real_node_id": node});
        progress.insert(node.to_owned(), entry);
        self.life.tell(self.client.as_deref(), "progress_state", json!({"prompt_id": id, "nodes": *progress}));
    }

    /// Runs the prompt; false when the worker goes with it.
    fn run(mut self) -> bool {
        let id = self.item.prompt_id.clone();
        self.life.tell_status();
        let strikes = self.house.faults_at(Point::Start);
        if !self.house.strike(self.life, &strikes) {
            // A worker that dies reaching for a prompt leaves it in the queue.
            self.life.queue.put_back();
            return false;
        }
        // An interruption that came before this line is lost, as on the real server.
        self.life.interrupted.store(false, Ordering::SeqCst);
        self.message("execution_start", json!({"prompt_id": id, "timestamp": now_ms()}));
        let cached = self.take_from_cache();
        self.message("execution_cached", json!({"nodes": cached, "prompt_id": id, "timestamp": now_ms()}));
        let success = match self.run_nodes() {
            NodeEnd::WorkerGone => return false,
            NodeEnd::Done => {
                self.message("execution_success", json!({"prompt_id": id, "timestamp": now_ms()}));
                true
            }
            NodeEnd::Failed(_) | NodeEnd::Interrupted => false,
        };
        self.end(success)
    }

    fn take_from_cache(&mut self) -> Vec<String> {
        let mut cache = self.life.cache();
        cache.keep(&self.signatures);
        let mut cached = Vec::new();
        for (node, signature) in &self.signatures {
            if let Some(left) = cache.get(*signature) {
                self.results.insert(node.clone(), left.clone());
                cached.push(node.clone());
            }
        }
        cached
    }

    /// Every node that an output needs, and that is not in the cache, after those that it needs.
    fn order(&self) -> Vec<String> {
        // Found by following links back from the outputs, the last input first; of what is ready, the one found first
        // runs first. This is the order that was recorded.
        let mut found: Vec<String> = Vec::new();
        let mut stack = self.item.outputs.clone();
        while let Some(node) = stack.pop() {
            if found.contains(&node) {
                continue;
            }
            found.push(node.clone());
            if !self.results.contains_key(&node) {
                stack.extend(self.needs(&node).into_iter().filter(|from| !self.results.contains_key(from)));
            }
        }
        let mut order: Vec<String> = Vec::new();
        while order.len() < found.len() {
            let ready = |node: &&String| {
                !order.contains(node) && self.needs(node).iter().all(|from| order.contains(from) || self.results.contains_key(from))
            };
            // A valid graph always has one.
            let Some(next) = found.iter().find(ready).cloned() else { break };
            order.push(next);
        }
        order
    }

    /// What a node is linked to, in the order of its class's inputs.
    fn needs(&self, node: &str) -> Vec<String> {
        let inputs = self.item.graph[node]["inputs"].as_object();
        let described = self.item.graph[node]["class_type"].as_str().and_then(class).map(|class| (class.describe)(self.house));
        let names = |group: &str| {
            let order = described.as_ref().and_then(|described| described["input_order"][group].as_array().cloned());
            order.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned))
        };
        let place: Vec<String> = names("required").chain(names("optional")).collect();
        let mut links: Vec<_> = inputs.into_iter().flatten().filter_map(|(name, value)| Some((name, link(value)?.0.to_owned()))).collect();
        links.sort_by_key(|(name, _)| place.iter().position(|placed| placed == *name).unwrap_or(usize::MAX));
        links.into_iter().map(|(_, from)| from).collect()
    }

    fn run_nodes(&mut self) -> NodeEnd {
        for node in self.order() {
            if self.life.over.is_cancelled() {
                return NodeEnd::WorkerGone;
            }
            if self.life.interrupted.load(Ordering::SeqCst) {
                return self.interrupted(&node);
            }
            if let Some(left) = self.results.get(&node).cloned() {
                // A cached output node tells its output again.
                self.tell_output(&node, &left);
                self.tell_progress(&node, &json!(1), &json!(1), "finished");
                continue;
            }
            match self.run_node(&node) {
                NodeEnd::Done => {}
                NodeEnd::Failed(exception) => return self.failed(&node, exception),
                NodeEnd::Interrupted => return self.interrupted(&node),
                NodeEnd::WorkerGone => return NodeEnd::WorkerGone,
            }
        }
        NodeEnd::Done
    }

    fn run_node(&mut self, node: &str) -> NodeEnd {
        let id = self.item.prompt_id.clone();
        let Some(class) = self.item.graph[node]["class_type"].as_str().and_then(class) else {
            return NodeEnd::Failed(Exception::new("KeyError", format!("{}\n", self.item.graph[node]["class_type"])));
        };
        self.tell_progress(node, &json!(0.0), &json!(1.0), "running");
        self.life.set_running(Some((self.client.clone(), node.to_owned())));
        self.tell("executing", json!({"node": node, "display_node": node, "prompt_id": id}));
        let faults = self.house.faults_at(Point::Node(class.name));
        if !self.house.strike(self.life, &faults) {
            return NodeEnd::WorkerGone;
        }
        let inputs = self.inputs(node);
        if let Some(reason) =
            inputs.values().find_map(|input| if let Output::Blocked(reason) = input { Some(reason.clone()) } else { None })
        {
            self.blocked(node, class.name, &reason);
            return NodeEnd::Done;
        }
        let last = std::sync::Mutex::new(None);
        let step = |value: u32, max: u32, picture: Option<Picture>| self.step(node, value, max, picture, &last);
        let call = Call {
            house: self.house,
            class: class.name,
            prompt_id: &id,
            node,
            graph: &self.graph,
            workflow: self.item.extra.get("extra_pnginfo").and_then(|info| info.get("workflow")),
            previews: self.item.extra.get("preview_method").and_then(Value::as_str).is_some_and(|method| method != "none"),
            inputs,
            faults: &faults,
            step: &step,
        };
        let ended = before(&faults, &step).and_then(|()| (class.run)(&call));
        match ended {
            Err(Stop::Interrupted) => return NodeEnd::Interrupted,
            Err(Stop::Raised(exception)) => return NodeEnd::Failed(exception),
            Ok(mut left) => {
                if let Some(Fault::Block { message }) = faults.iter().find(|fault| matches!(fault, Fault::Block { .. })) {
                    left.outputs = left.outputs.iter().map(|_| Output::Blocked(message.clone())).collect();
                }
                self.tell_output(node, &left);
                let (value, max) = last.into_inner().unwrap_or_default().map_or((json!(1.0), json!(1.0)), |max| (json!(max), json!(max)));
                self.tell_progress(node, &value, &max, "finished");
                if let Some(signature) = self.signatures.get(node) {
                    self.life.cache().put(*signature, left.clone());
                }
                self.executed.push(node.to_owned());
                self.results.insert(node.to_owned(), left);
            }
        }
        NodeEnd::Done
    }

    /// A step of a node: told, shown, and the place where an interruption comes through.
    fn step(&self, node: &str, value: u32, max: u32, picture: Option<Picture>, last: &std::sync::Mutex<Option<u32>>) -> Result<(), Stop> {
        if self.life.interrupted.load(Ordering::SeqCst) || self.life.over.is_cancelled() {
            return Err(Stop::Interrupted);
        }
        *last.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(max);
        let to = self.client.as_deref();
        self.tell_progress(node, &json!(value), &json!(max), "running");
        // Recorded: a picture with its name comes before the step, one without after it.
        if let Some(picture) = picture.clone().filter(|picture| !picture.whole) {
            self.life.sockets.send(to, Outgoing::NamedPreview(picture));
        }
        let data = json!({"value": value, "max": max, "prompt_id": self.item.prompt_id, "node": node});
        self.life.tell(to, "progress", data);
        if let Some(picture) = picture {
            self.life.sockets.send(to, Outgoing::PlainPreview(picture));
        }
        Ok(())
    }

    fn inputs(&self, node: &str) -> BTreeMap<String, Output> {
        let inputs = self.item.graph[node]["inputs"].as_object();
        let value = |(name, value): (&String, &Value)| {
            let output = match link(value) {
                Some((from, slot)) => self.results.get(from)?.outputs.get(slot)?.clone(),
                None => Output::Plain(value.clone()),
            };
            Some((name.clone(), output))
        };
        inputs.into_iter().flatten().filter_map(value).collect()
    }

    fn tell_output(&mut self, node: &str, left: &Left) {
        if let Some(ui) = &left.ui {
            self.tell("executed", json!({"node": node, "display_node": node, "output": ui, "prompt_id": self.item.prompt_id}));
            self.outputs.insert(node.to_owned(), ui.clone());
        }
    }

    /// Nothing came through to this node: it is told as an error, and the prompt goes on.
    fn blocked(&mut self, node: &str, class: &str, reason: &str) {
        let data = json!({"prompt_id": self.item.prompt_id, "node_id": node, "node_type": class, "executed": self.executed,
            "exception_message": format!("Execution Blocked: {reason}"), "exception_type": "ExecutionBlocked",
            "traceback": [], "current_inputs": {}, "current_outputs": []});
        self.tell("execution_error", data);
        let outputs = vec![Output::Blocked(reason.to_owned()); 3];
        self.results.insert(node.to_owned(), Left { outputs, ui: None });
    }

    fn failed(&mut self, node: &str, exception: Exception) -> NodeEnd {
        let data = json!({"prompt_id": self.item.prompt_id, "node_id": node, "node_type": self.item.graph[node]["class_type"],
            "executed": self.executed, "exception_message": exception.message, "exception_type": exception.kind,
            "traceback": ["  File \"/opt/comfyui/execution.py\", in execute\n"], "current_inputs": {}, "current_outputs": self.executed,
            "timestamp": now_ms()});
        self.message("execution_error", data);
        // Whatever was in memory is dropped after a failure of memory.
        NodeEnd::Failed(exception)
    }

    fn interrupted(&mut self, node: &str) -> NodeEnd {
        let data = json!({"prompt_id": self.item.prompt_id, "node_id": node, "node_type": self.item.graph[node]["class_type"],
            "executed": self.executed, "timestamp": now_ms()});
        self.message("execution_interrupted", data);
        self.life.interrupted.store(false, Ordering::SeqCst);
        NodeEnd::Interrupted
    }

    /// Writes the history, and only then says the end. False when the worker goes.
    fn end(self, success: bool) -> bool {
        let faults = self.house.faults_at(Point::End);
        if faults.contains(&Fault::FilesGone) {
            self.delete_files();
        }
        if !self.house.strike(self.life, &faults) {
            return false;
        }
        let id = self.item.prompt_id.clone();
        let late = faults.iter().find_map(|fault| if let Fault::HistoryLate { ms } = fault { Some(*ms) } else { None });
        let entry = Ended { item: self.item, outputs: self.outputs, success, messages: self.messages };
        let told = |life: &Life| {
            life.set_running(None);
            life.tell_status();
            if let Some(client) = &self.client {
                life.tell(Some(client), "executing", json!({"node": null, "prompt_id": id}));
            }
        };
        if let Some(ms) = late {
            // The end is told, and the history does not have it yet.
            self.life.queue.finished();
            told(self.life);
            std::thread::sleep(Duration::from_millis(ms));
        }
        if !faults.contains(&Fault::HistoryGone) {
            self.life.history.add(entry);
        }
        if late.is_none() {
            self.life.queue.finished();
            told(self.life);
        }
        if self.life.free.swap(false, Ordering::SeqCst) {
            self.life.cache().clear();
        }
        true
    }

    fn delete_files(&self) {
        let images = self.outputs.values().filter_map(|output| output["images"].as_array()).flatten();
        let names: BTreeSet<_> = images.map(|image| (image["subfolder"].as_str(), image["filename"].as_str())).collect();
        for (subfolder, filename) in names {
            let folder = self.house.folders.path(crate::folders::Folder::Output).join(subfolder.unwrap_or_default());
            // A file that somebody else took away already is gone just as well.
            let _ = std::fs::remove_file(folder.join(filename.unwrap_or_default()));
        }
    }
}

/// What goes wrong before a node does its work.
fn before(faults: &[Fault], step: &dyn Fn(u32, u32, Option<Picture>) -> Result<(), Stop>) -> Result<(), Stop> {
    for fault in faults {
        match fault {
            Fault::Slow { ms, progress: false } => std::thread::sleep(Duration::from_millis(*ms)),
            Fault::Slow { ms, progress: true } => {
                for part in 1..=10 {
                    std::thread::sleep(Duration::from_millis(ms.div_ceil(10)));
                    step(part, 10, None)?;
                }
            }
            Fault::OutOfMemory { memory } => return Err(Exception::out_of(*memory).into()),
            Fault::Raise { exception, message } => return Err(Exception::new(exception, format!("{message}\n")).into()),
            _ => {}
        }
    }
    Ok(())
}
