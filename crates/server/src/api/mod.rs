//! The API: one endpoint per file, each with its document.

mod artifacts;
mod character;
mod description;
mod documents;
mod episode;
mod events;
mod evidence;
mod farm;
mod health;
mod lint;
mod media;
mod named;
mod paging;
mod picture;
mod project;
mod resource;
mod scene;
mod search;
mod sheet;
mod sheets;
mod shot;
mod version;
mod whole;

use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::desk::Desk;
use crate::guard::{KnownParameters, only_known_parameters};
use crate::idempotency;

fn described() -> OpenApiRouter<Desk> {
    OpenApiRouter::with_openapi(description::begun())
        .routes(routes!(health::health))
        .routes(routes!(project::list::projects, project::create::create_project))
        .routes(routes!(
            project::read::project,
            project::replace::replace_project,
            project::patch::patch_project,
            project::remove::delete_project
        ))
        .merge(bible())
        .merge(versions())
        .merge(episodes())
        .routes(routes!(sheets::sheets))
        .routes(routes!(sheet::generate::generate_sheet))
        .routes(routes!(sheet::validate::validate_sheet))
        .routes(routes!(sheet::review::review_sheet))
        .routes(routes!(artifacts::artifacts))
        .routes(routes!(search::search_artifacts, search::search_like))
        .routes(routes!(artifacts::artifact))
        .routes(routes!(artifacts::verdicts))
        .routes(routes!(evidence::evidence))
        .routes(routes!(evidence::evidence_picture))
        .routes(routes!(media::media))
        .routes(routes!(events::events))
        .merge(render_farm())
}

fn render_farm() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(farm::status::farm_status))
        .routes(routes!(farm::nodes::farm_nodes))
        .routes(routes!(farm::node_action::farm_node_action))
        .routes(routes!(farm::jobs::farm_jobs))
        .routes(routes!(farm::job::farm_job))
        .routes(routes!(farm::preview::farm_preview))
        .routes(routes!(farm::job_action::farm_job_action))
        .routes(routes!(farm::pause::pause_farm, farm::pause::resume_farm))
        .routes(routes!(farm::spending::farm_spending))
        .routes(routes!(farm::ledger::farm_ledger))
}

fn bible() -> OpenApiRouter<Desk> {
    use named::{create, list, patch, read, remove, replace};
    OpenApiRouter::new()
        .routes(routes!(whole::read::bible, whole::create::create_bible, whole::replace::replace_bible, whole::patch::patch_bible))
        .routes(routes!(list::list_characters, create::create_character))
        .routes(routes!(read::read_character, replace::replace_character, patch::patch_character, remove::remove_character))
        .routes(routes!(list::list_locations, create::create_location))
        .routes(routes!(read::read_location, replace::replace_location, patch::patch_location, remove::remove_location))
        .routes(routes!(list::list_props, create::create_prop))
        .routes(routes!(read::read_prop, replace::replace_prop, patch::patch_prop, remove::remove_prop))
        .routes(routes!(character::timeline::character_timeline))
        .routes(routes!(character::relationship::relationship))
        .routes(routes!(character::resolve::resolve))
        .routes(routes!(lint::lint))
}

fn versions() -> OpenApiRouter<Desk> {
    use version::{branches, tags};
    OpenApiRouter::new()
        .routes(routes!(version::history::history))
        .routes(routes!(version::commits::commits))
        .routes(routes!(version::commits::commit))
        .routes(routes!(version::diff::diff))
        .routes(routes!(version::blame::blame))
        .routes(routes!(version::impact::impact, version::impact::impact_of_edit))
        .routes(routes!(version::merge::merge))
        .routes(routes!(version::cherry_pick::cherry_pick))
        .routes(routes!(version::revert::revert))
        .routes(routes!(version::restore::restore))
        .routes(routes!(version::fsck::fsck))
        .routes(routes!(version::head::head, version::head::switch))
        .routes(routes!(branches::list::branches, branches::create::create_branch))
        .routes(routes!(branches::read::read_branch, branches::patch::move_branch, branches::remove::delete_branch))
        .routes(routes!(tags::list::tags, tags::create::create_tag))
        .routes(routes!(tags::read::read_tag, tags::patch::move_tag, tags::remove::delete_tag))
}

fn episodes() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(episode::list::episodes, episode::create::create_episode))
        .routes(routes!(
            episode::read::read_episode,
            episode::replace::replace_episode,
            episode::patch::patch_episode,
            episode::remove::remove_episode
        ))
        .routes(routes!(episode::read_script::read_script, episode::replace_script::replace_script))
        .routes(routes!(
            episode::read_shot_list::read_shot_list,
            episode::replace_shot_list::replace_shot_list,
            episode::patch_shot_list::patch_shot_list
        ))
        .routes(routes!(scene::list::scenes))
        .routes(routes!(scene::read::read_scene, scene::replace::replace_scene, scene::patch::patch_scene, scene::remove::remove_scene))
        .routes(routes!(shot::list::scene_shots, shot::create::create_shot))
        .routes(routes!(shot::read::read_shot, shot::replace::replace_shot, shot::patch::patch_shot, shot::remove::remove_shot))
        .routes(routes!(shot::list_episode::shots))
}

/// The OpenAPI document.
#[must_use]
pub fn openapi() -> Value {
    description::finished(described().into_openapi())
}

pub(crate) fn router(desk: Desk) -> Router {
    let (router, document) = described().split_for_parts();
    let document = description::finished(document);
    let known = KnownParameters::of(&document);
    router
        .route("/api/anime/openapi.json", get(move || async move { Json(document) }))
        .layer(from_fn_with_state(desk.clone(), idempotency::once))
        .layer(from_fn_with_state(known, only_known_parameters))
        .with_state(desk)
}
