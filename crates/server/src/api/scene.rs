//! Scenes: what the shot list says of them. Their headings and what happens in them are the screenplay's.

pub(super) mod list;
pub(super) mod patch;
pub(super) mod read;
pub(super) mod remove;
pub(super) mod replace;

use bible::StoryTime;

use super::episode::episode;
use crate::problem::Problem;

/// A scene by its place in an episode, from 1.
pub(super) fn scene(at: StoryTime, scene: u16) -> Result<StoryTime, Problem> {
    let at = episode(at)?;
    if scene == 0 { Err(Problem::parameter("scene", "scenes count from 1")) } else { Ok(at.at_scene(scene)) }
}
