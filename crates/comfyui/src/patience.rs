//! How long things may take.

use std::time::Duration;

/// How long to wait for what. The defaults suit a server in the same house that draws for minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For the answer to a small request.
    pub answer: Duration,
    /// For a file, up or down.
    pub transfer: Duration,
    /// Between two questions how a prompt stands, when there are no events.
    pub poll: Duration,
    /// Without an event of the prompt, until it is asked how it stands. Others' stalled connections can keep
    /// events from us.
    pub quiet: Duration,
    /// After an event that says the end, until the first question; the next ones come at twice the distance each,
    /// for history is written a moment later.
    pub first_look: Duration,
    /// A prompt in neither queue nor history is lost after this time (and three looks).
    pub lost: Duration,
    /// After an unclear submit, how long the server is asked for the prompt before it counts as not taken: a
    /// large graph is checked for a while before it is queued.
    pub settle: Duration,
    /// Prompts wait and none runs: after this time the server's worker counts as dead.
    pub idle_worker: Duration,
    /// The server does not answer at all: after this time watching gives up.
    pub unreachable: Duration,
    /// For a cancelled prompt to end; nodes that report no progress run to their end first.
    pub cancel: Duration,
    /// Between two pings over the WebSocket. Servers send none of their own.
    pub ping: Duration,
    /// For the answer to a ping.
    pub pong: Duration,
    /// For the whole of a prompt, waiting included; none for as long as it takes.
    pub deadline: Option<Duration>,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(30),
            transfer: Duration::from_secs(600),
            poll: Duration::from_secs(1),
            quiet: Duration::from_secs(5),
            first_look: Duration::from_millis(20),
            lost: Duration::from_secs(10),
            settle: Duration::from_secs(15),
            idle_worker: Duration::from_secs(30),
            unreachable: Duration::from_secs(120),
            cancel: Duration::from_secs(60),
            ping: Duration::from_secs(15),
            pong: Duration::from_secs(10),
            deadline: None,
        }
    }
}

impl Patience {
    /// Everything `factor` times as long: below 1 for tests.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        let scale = |duration: Duration| duration.mul_f64(factor);
        Self {
            connect: scale(self.connect),
            answer: scale(self.answer),
            transfer: scale(self.transfer),
            poll: scale(self.poll),
            quiet: scale(self.quiet),
            first_look: scale(self.first_look),
            lost: scale(self.lost),
            settle: scale(self.settle),
            idle_worker: scale(self.idle_worker),
            unreachable: scale(self.unreachable),
            cancel: scale(self.cancel),
            ping: scale(self.ping),
            pong: scale(self.pong),
            deadline: self.deadline.map(scale),
        }
    }
}
