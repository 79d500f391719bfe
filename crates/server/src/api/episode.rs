//! Episodes: settings, screenplay and shot list, each a document of its own.

pub(super) mod create;
pub(super) mod list;
pub(super) mod patch;
pub(super) mod patch_shot_list;
pub(super) mod read;
pub(super) mod read_script;
pub(super) mod read_shot_list;
pub(super) mod remove;
pub(super) mod replace;
pub(super) mod replace_script;
pub(super) mod replace_shot_list;

use bible::StoryTime;

use crate::problem::Problem;

/// A story time that is an episode, `S01E02`.
pub(super) fn episode(at: StoryTime) -> Result<StoryTime, Problem> {
    if at == at.episode_start() && at != StoryTime::BEGINNING {
        return Ok(at);
    }
    Err(Problem::parameter("episode", format!("{at} is no episode: write it as {}", at.episode_start())))
}
