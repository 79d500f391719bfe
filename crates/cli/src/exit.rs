//! How the command ends: the documented exit codes.

/// What the process tells its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All went well.
    Success = 0,
    /// Something went wrong that is not listed below.
    Failure = 1,
    /// The project has errors; each was printed with file, line and column. (2 is a wrong command line.)
    BrokenProject = 3,
    /// Pictures did not pass the gate: a person has to look.
    NeedsReview = 4,
    /// A program that is needed is missing; `doctor` says how to get it.
    ProgramMissing = 5,
    /// Two changes of the bible contradict each other: somebody has to say which stands.
    Conflicts = 6,
    /// Ended by Ctrl-C. What was finished is kept; the same command goes on from there.
    Cancelled = 130,
}

/// Shown at the end of `--help`.
pub(crate) const TABLE: &str = "\
Exit codes:
  0    all went well
  1    something went wrong
  2    wrong command line
  3    the project has errors
  4    pictures need a person's review
  5    a needed program is missing (see doctor)
  6    conflicts are to be resolved
  130  cancelled; the same command goes on from there";

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
