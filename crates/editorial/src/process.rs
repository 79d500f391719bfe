//! Running a program: arguments, input, output, progress, and the end of what it complained about.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

use crate::error::{Error, Result};
use crate::programs::{Program, Programs};

/// How much of standard error is kept: the end, where programs say what went wrong.
const STDERR_TAIL: usize = 2048;

/// How much a program may answer on standard output when the answer is kept in memory.
const MOST_OUTPUT: u64 = 32 << 20;

/// Bytes that a wide pipe holds: what Linux gives everybody (`/proc/sys/fs/pipe-max-size`).
#[cfg(target_os = "linux")]
const PIPE: usize = 1 << 20;

/// One run of a program, to be.
pub(crate) struct Invocation {
    program: Program,
    path: std::path::PathBuf,
    doing: String,
    arguments: Vec<OsString>,
}

impl Invocation {
    /// `doing` completes the sentence "ffmpeg failed while…".
    pub(crate) fn new(programs: &Programs, program: Program, doing: impl Into<String>) -> Self {
        Self { program, path: programs.path(program).to_owned(), doing: doing.into(), arguments: Vec::new() }
    }

    /// ffmpeg with what every run of it has: no questions, no banner, only errors on standard error,
    /// nothing in the output that changes from run to run.
    pub(crate) fn ffmpeg(programs: &Programs, doing: impl Into<String>) -> Self {
        Self::new(programs, Program::Ffmpeg, doing).args(["-hide_banner", "-nostdin", "-y", "-loglevel", "error"])
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// A flag and its value.
    pub(crate) fn set(self, flag: &str, value: impl std::fmt::Display) -> Self {
        self.arg(flag).arg(value.to_string())
    }

    /// A file of this machine. The prefix keeps a name with a colon in it from being read as a protocol.
    pub(crate) fn file(self, path: &Path) -> Self {
        let mut argument = OsString::from("file:");
        argument.push(path);
        self.arg(argument)
    }

    /// Starts it. It is killed when the result is dropped.
    pub(crate) fn start(self) -> Result<Running> {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => Error::ProgramMissing { program: self.program, path: self.path.clone() },
            _ => Error::Process { program: self.program, doing: self.doing.clone(), source },
        })?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let stderr = tokio::spawn(async move {
            match stderr {
                Some(stderr) => tail(stderr).await,
                None => String::new(),
            }
        });
        Ok(Running { program: self.program, doing: self.doing, child, stdin, stdout, stderr })
    }

    /// Runs it to its end without input, and gives what it printed.
    pub(crate) async fn output(self) -> Result<Vec<u8>> {
        self.start()?.feed(b"").await
    }

    /// Runs it to its end with `input`, and gives what it printed.
    pub(crate) async fn output_of(self, input: &[u8]) -> Result<Vec<u8>> {
        self.start()?.feed(input).await
    }
}

/// A program that runs.
pub(crate) struct Running {
    program: Program,
    doing: String,
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: JoinHandle<String>,
}

impl Running {
    /// Writes to its standard input. A program that has stopped reading has failed, and says why in
    /// [`Running::finish`]: the broken pipe itself is no news.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let Some(stdin) = &mut self.stdin else { return Ok(()) };
        match stdin.write_all(bytes).await {
            Ok(()) => Ok(()),
            Err(source) if source.kind() == std::io::ErrorKind::BrokenPipe => {
                self.stdin = None;
                match self.end().await {
                    Err(error) => Err(error),
                    Ok(()) => Err(Error::Process { program: self.program, doing: self.doing.clone(), source }),
                }
            }
            Err(source) => Err(Error::Process { program: self.program, doing: self.doing.clone(), source }),
        }
    }

    /// Makes room in the pipe to its standard input, for what is written while it works on what came before. Where the
    /// system gives none, writing waits a little more often.
    pub(crate) fn widen_input(&self) {
        #[cfg(target_os = "linux")]
        if let Some(stdin) = &self.stdin
            && let Err(error) = rustix::pipe::fcntl_setpipe_size(stdin, PIPE)
        {
            tracing::debug!(%error, "the pipe to {:?} stays as it is", self.program);
        }
    }

    /// Takes its standard output, to be read beside the writing.
    pub(crate) fn take_output(&mut self) -> Option<ChildStdout> {
        self.stdout.take()
    }

    async fn feed(mut self, input: &[u8]) -> Result<Vec<u8>> {
        let stdout = self.stdout.take();
        let reading = tokio::spawn(async move {
            let mut bytes = Vec::new();
            match stdout {
                Some(stdout) => stdout.take(MOST_OUTPUT).read_to_end(&mut bytes).await.map(|_| bytes),
                None => Ok(bytes),
            }
        });
        self.write(input).await?;
        let (program, doing) = (self.program, self.doing.clone());
        self.finish().await?;
        let broken = |source| Error::Process { program, doing, source };
        match reading.await {
            Ok(read) => read.map_err(broken),
            Err(cancelled) => Err(broken(std::io::Error::other(cancelled))),
        }
    }

    /// Closes its input and waits for its end.
    pub(crate) async fn finish(mut self) -> Result<()> {
        self.stdin = None;
        self.end().await
    }

    async fn end(&mut self) -> Result<()> {
        let status =
            self.child.wait().await.map_err(|source| Error::Process { program: self.program, doing: self.doing.clone(), source })?;
        if status.success() {
            return Ok(());
        }
        let stderr = (&mut self.stderr).await.unwrap_or_default();
        let stderr = if stderr.is_empty() { "nothing".to_owned() } else { stderr };
        Err(Error::Failed { program: self.program, doing: self.doing.clone(), status: status.to_string(), stderr })
    }
}

/// Reads to the end and keeps the last [`STDERR_TAIL`] bytes.
async fn tail(mut stream: impl AsyncRead + Unpin) -> String {
    let (mut kept, mut buffer) = (Vec::new(), [0u8; 1024]);
    while let Ok(read) = stream.read(&mut buffer).await {
        if read == 0 {
            break;
        }
        kept.extend_from_slice(&buffer[..read]);
        let surplus = kept.len().saturating_sub(STDERR_TAIL);
        kept.drain(..surplus);
    }
    String::from_utf8_lossy(&kept).trim().to_owned()
}

/// Reads what ffmpeg writes under `-progress`, and calls `report` with each `frame=`. Returns the last.
pub(crate) async fn frames_of_progress(stdout: ChildStdout, mut report: impl FnMut(u64)) -> u64 {
    let mut lines = BufReader::new(stdout).lines();
    let mut last = 0;
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(frame) = line.strip_prefix("frame=").and_then(|frame| frame.trim().parse().ok()) {
            last = frame;
            report(frame);
        }
    }
    last
}
