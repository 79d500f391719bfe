//! Shots: as they were drawn, and as far as the shot list says what they are.

pub(super) mod create;
pub(super) mod list;
pub(super) mod list_episode;
pub(super) mod patch;
pub(super) mod read;
pub(super) mod remove;
pub(super) mod replace;

use bible::StoryTime;

use super::scene::scene;
use crate::problem::Problem;

/// A shot by its place in a scene, from 1.
fn shot(at: StoryTime, number: u16, shot: u16) -> Result<StoryTime, Problem> {
    let at = scene(at, number)?;
    if shot == 0 { Err(Problem::parameter("shot", "shots count from 1")) } else { Ok(at.at_shot(shot)) }
}
