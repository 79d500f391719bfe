//! The description of the API in OpenAPI: what the endpoints say of themselves, the bible's own schemas, and what holds
//! for every endpoint, said once.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use super::documents;
use super::version::ExtraFields;
use crate::problem::{FieldProblem, Problem};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Echo Studio",
        description = "Projects of an anime studio: their bibles as versioned sources, episodes, shots, artifacts and verdicts.\n\n\
            Every read of a bible takes `ref` and so reads the past. Every edit is one commit. An edit of what is there names \
            the `ETag` that it was made against in `If-Match`: 428 without, 412 with what it is now when somebody was faster. \
            Edits of different documents never refuse each other. A `POST` with an `Idempotency-Key` is done once. Errors are \
            problem details (RFC 9457) whose `type` never changes, with a JSON pointer to each field that is wrong."
    ),
    components(schemas(
        Problem,
        FieldProblem,
        ExtraFields,
        documents::ProjectDocument,
        documents::NewProject,
        documents::Bible,
        documents::Character,
        documents::Location,
        documents::Prop,
        documents::Episode,
        documents::NewEpisode,
        documents::ShotList,
        documents::Scene,
        documents::Shot,
        documents::Patch,
    )),
    tags(
        (name = "projects", description = "Projects"),
        (name = "bible", description = "What the show is"),
        (name = "versions", description = "Commits, branches and tags of the bible"),
        (name = "episodes", description = "Screenplays, scenes and shots"),
        (name = "consistency", description = "Signed character sheets"),
        (name = "artifacts", description = "Finding what was drawn"),
        (name = "farm", description = "The render farm: its nodes and jobs, and why they wait"),
    )
)]
struct Document;

/// What the endpoints add themselves to.
pub(super) fn begun() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// The whole description.
pub(super) fn finished(document: utoipa::openapi::OpenApi) -> Value {
    let mut document = serde_json::to_value(document).unwrap_or_default();
    let schemas = schemas();
    if let Some(known) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        known.extend(schemas);
    }
    pages_of_documents(&mut document);
    document["components"]["responses"] = responses();
    let mut operations: Vec<(String, String)> = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        operations.extend(item.as_object().into_iter().flatten().map(|(method, _)| (path.clone(), method.clone())));
    }
    for (path, method) in operations {
        let mut operation = document["paths"][&path][&method].take();
        common(&path, &method, &mut operation);
        exemplified(&document, &mut operation);
        document["paths"][&path][&method] = operation;
    }
    document
}

/// Pages of the bible's documents hold those documents; what they are is only known here.
fn pages_of_documents(document: &mut Value) {
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else { return };
    let names: Vec<String> = schemas.keys().cloned().collect();
    for name in &names {
        if let Some(page) = schemas.get_mut(&format!("Page_{name}"))
            && page.pointer("/properties/items/items/$ref").is_none()
            && page.pointer("/properties/items/items/properties").is_none()
        {
            page["properties"]["items"]["items"] = json!({ "$ref": format!("#/components/schemas/{name}") });
        }
    }
}

/// The kinds of problems, each with its example.
const TOLD: &[(&str, &str, fn() -> Problem)] = &[
    ("InvalidRequest", "A path, query or header does not have the right form", || {
        let fix = Some("did you mean `limit`?".to_owned());
        Problem::invalid_request("").with([FieldProblem::in_parameter("limt", "there is no parameter `limt`", fix)])
    }),
    ("ForeignOrigin", "The request comes from a page of another origin", || {
        Problem::foreign_origin("a page of another origin may read nothing here and change nothing here")
    }),
    ("NotFound", "There is no such thing, or no such version", || Problem::not_found("there is no character mai; did you mean `mei`?")),
    ("Conflict", "It is taken, in use, or would lose work; or its idempotency key is in use", || {
        Problem::taken("there is a character mei already")
    }),
    ("Stale", "It is not what it was when it was read; here is what it is now", || Problem {
        current: Some(json!({ "slug": "mei", "name": "Mei", "age": 17 })),
        etag: Some("\"2b0d…\"".to_owned()),
        ..Problem::stale("the character mei is not what it was when you read it: look at what it is now, and edit that")
    }),
    ("TooLarge", "The body is larger than 4 MiB", || Problem::too_large("a body may have 4194304 bytes (4 MiB)")),
    ("UnsupportedMediaType", "The body has another media type", || Problem {
        allowed: vec!["application/json".to_owned()],
        ..Problem::unsupported_media_type("send it as application/json, not as text/plain")
    }),
    ("InvalidContent", "What was sent is understood and is not right", || {
        let fix = Some("did you mean `height_cm`?".to_owned());
        Problem::invalid_content("").with([FieldProblem::in_body("/visual_traits/heigth_cm", "there is no field `heigth_cm` here", fix)])
    }),
    ("PreconditionRequired", "`If-Match` is missing", || {
        let fix = Some("send the `ETag` of what you read, so that nobody's edit is lost".to_owned());
        Problem::precondition_required("").with([FieldProblem::in_header("If-Match", "`If-Match` is missing", fix)])
    }),
    ("Internal", "A fault of the studio's own; its log has the details", || {
        Problem::internal("the studio could not answer; its log says why")
    }),
    ("Unavailable", "Something that the studio needs does not answer; trying again may help", || {
        Problem::unavailable("the studio's store does not answer at the moment; try again shortly")
    }),
];

fn responses() -> Value {
    let told = TOLD.iter().map(|(name, description, problem)| {
        let problem = problem();
        let kinds: Vec<&str> =
            Problem::KINDS.iter().filter(|(.., status)| status.as_u16() == problem.status).map(|(kind, ..)| *kind).collect();
        let response = json!({
            "description": format!("{description}. `type` is {}", kinds.iter().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(" or ")),
            "content": { "application/problem+json": {
                "schema": { "$ref": "#/components/schemas/Problem" },
                "example": problem,
            } },
        });
        ((*name).to_owned(), response)
    });
    Value::Object(told.collect())
}

/// What every endpoint answers in the same way.
fn common(path: &str, method: &str, operation: &mut Value) {
    let parameters: Vec<Value> = operation["parameters"].as_array().cloned().unwrap_or_default();
    let named = |name: &str| parameters.iter().any(|parameter| parameter["name"] == name);
    let edits = method != "get";
    let takes_body = operation.get("requestBody").is_some();
    let mut answers: Vec<(StatusCode, &str)> =
        vec![(StatusCode::INTERNAL_SERVER_ERROR, "Internal"), (StatusCode::SERVICE_UNAVAILABLE, "Unavailable")];
    if !parameters.is_empty() {
        answers.push((StatusCode::BAD_REQUEST, "InvalidRequest"));
    }
    if path.contains('{') {
        answers.push((StatusCode::NOT_FOUND, "NotFound"));
    }
    if edits {
        answers.push((StatusCode::FORBIDDEN, "ForeignOrigin"));
        answers.push((StatusCode::CONFLICT, "Conflict"));
    }
    if named("If-Match") {
        answers.push((StatusCode::PRECONDITION_FAILED, "Stale"));
        answers.push((StatusCode::PRECONDITION_REQUIRED, "PreconditionRequired"));
    }
    if takes_body {
        answers.push((StatusCode::BAD_REQUEST, "InvalidRequest"));
        answers.push((StatusCode::PAYLOAD_TOO_LARGE, "TooLarge"));
        answers.push((StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType"));
        answers.push((StatusCode::UNPROCESSABLE_ENTITY, "InvalidContent"));
    }
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    for (status, name) in answers {
        let own = responses.entry(status.as_str().to_owned());
        own.or_insert_with(|| json!({ "$ref": format!("#/components/responses/{name}") }));
    }
    if named("If-None-Match") {
        responses.entry("304").or_insert_with(|| json!({ "description": "The reader has it" }));
    }
    let tagged = edits || named("If-None-Match");
    for (status, response) in responses.iter_mut().filter(|(status, _)| status.starts_with('2')) {
        if !tagged {
            continue;
        }
        let mut headers = Map::new();
        let field = |description: &str| json!({ "description": description, "schema": { "type": "string" } });
        if status != "204" {
            headers.insert("ETag".into(), field("Stands for this state: send it in `If-Match` with an edit of it"));
        }
        if path.contains("{project}") {
            headers.insert("Echo-Commit".into(), field("The commit that it was read from, or that the edit made"));
        }
        if status == "201" {
            headers.insert("Location".into(), field("Where it is"));
        }
        if !headers.is_empty() {
            response["headers"] = Value::Object(headers);
        }
    }
}

/// Gives every body an example: its own, or that of its schema.
fn exemplified(document: &Value, operation: &mut Value) {
    let mut bodies: Vec<String> = vec!["/requestBody/content".to_owned()];
    let statuses: Vec<String> = operation["responses"].as_object().into_iter().flatten().map(|(status, _)| status.clone()).collect();
    bodies.extend(statuses.into_iter().map(|status| format!("/responses/{status}/content")));
    for pointer in bodies {
        let Some(content) = operation.pointer_mut(&pointer).and_then(Value::as_object_mut) else { continue };
        for media in content.values_mut() {
            if media.get("example").is_none()
                && let Some(example) = example(document, &media["schema"], 0)
            {
                media["example"] = example;
            }
        }
    }
}

/// An example of a schema, put together of those of its parts.
fn example(document: &Value, schema: &Value, depth: usize) -> Option<Value> {
    if depth > 12 {
        return None;
    }
    if let Some(own) = schema.get("example").or_else(|| schema.get("examples")?.get(0)).or_else(|| schema.get("default")) {
        return Some(own.clone());
    }
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return example(document, document.pointer(reference.strip_prefix('#')?)?, depth + 1);
    }
    if let Some(one) = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array) {
        return one.iter().filter(|one| one["type"] != "null").find_map(|one| example(document, one, depth + 1));
    }
    if let Some(all) = schema.get("allOf").and_then(Value::as_array) {
        let parts: Option<Vec<Value>> = all.iter().map(|part| example(document, part, depth + 1)).collect();
        return parts.map(|parts| Value::Object(parts.into_iter().filter_map(|part| part.as_object().cloned()).flatten().collect()));
    }
    if let Some(fields) = schema.get("properties").and_then(Value::as_object) {
        let fields: Option<Map<String, Value>> =
            fields.iter().map(|(name, field)| Some((name.clone(), example(document, field, depth + 1)?))).collect();
        return fields.map(Value::Object);
    }
    let kind = match &schema["type"] {
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null")?.to_owned(),
        _ => return None,
    };
    match kind.as_str() {
        "array" => Some(json!([example(document, &schema["items"], depth + 1)?])),
        "boolean" => Some(json!(true)),
        "integer" => Some(schema.get("minimum").cloned().unwrap_or(json!(1))),
        "number" => Some(json!(1.0)),
        "string" => match schema["format"].as_str() {
            Some("uuid") => Some(json!("0197f3c2-6f0b-7c55-9d7e-3f0a4f6f2d11")),
            Some("date-time") => Some(json!("2026-05-04T09:30:00.123456Z")),
            _ if schema["type"].as_array().is_some_and(|kinds| kinds.contains(&json!("null"))) => Some(Value::Null),
            _ => None,
        },
        _ => None,
    }
}

/// The bible's own schemas under the names of the bodies, with what is shown beside what is written.
fn schemas() -> Map<String, Value> {
    let mut all = Map::new();
    let mut written: BTreeMap<&str, Value> = BTreeMap::new();
    for file in bible::schema::all() {
        let mut schema = file.schema.as_value().clone();
        if let Some(fields) = schema.as_object_mut() {
            fields.remove("$schema");
            fields.remove("title");
            if let Some(Value::Object(definitions)) = fields.remove("$defs") {
                all.extend(definitions);
            }
        }
        written.insert(file.kind, schema);
    }
    let kind = |kind: &str| written.get(kind).cloned().unwrap_or_default();
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let shown = |description: &str, schema: Value| {
        let mut schema = schema;
        schema["description"] = json!(description);
        schema["readOnly"] = json!(true);
        schema
    };
    let text = || json!({ "type": "string" });
    let with = |mut schema: Value, fields: Vec<(&str, Value)>| {
        for (name, field) in fields {
            schema["properties"][name] = field;
        }
        schema
    };
    let slug = || json!({ "type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "description": "The name that refers to it; made of `name` when left out of what is new" });
    let at = |words: &str| shown(words, text());

    let mut settings = kind("project");
    not_required(&mut settings, "slug");
    let mut new = with(settings.clone(), vec![("slug", slug())]);
    new["properties"]["slug"]["description"] = json!("The name that refers to the project; made of `title` when left out. It stays.");
    all.insert(
        "NewProject".into(),
        exampled(
            new,
            json!({ "title": "Lantern Road", "description": "A girl, a fox, and the road where the lanterns go.", "language": "en" }),
        ),
    );
    let project = with(
        settings.clone(),
        vec![
            ("id", shown("Its id", json!({ "type": "string", "format": "uuid" }))),
            ("slug", shown("The name that refers to it", text())),
            ("bible", shown("The version that was produced last, or that it began with", text())),
            (
                "updated_at",
                shown("When its settings changed, or it was produced, last", json!({ "type": "string", "format": "date-time" })),
            ),
        ],
    );
    all.insert("ProjectDocument".into(), exampled(project, project_example()));
    all.insert("Settings".into(), with(settings, vec![("slug", shown("The name that refers to the project", text()))]));
    for (name, of) in [("Style", "style"), ("World", "world"), ("Narrative", "narrative")] {
        all.insert(name.into(), kind(of));
    }
    for (name, of, example) in [
        ("Character", "character", character_example()),
        (
            "Location",
            "location",
            json!({ "slug": "lantern-road", "name": "Lantern Road", "description": "A lane of paper lanterns above the river.", "set": "lantern-street" }),
        ),
        (
            "Prop",
            "prop",
            json!({ "slug": "lantern", "name": "Lantern", "description": "Paper, red, older than Mei.", "part": "paper-lantern", "colours": { "main": "#c8102e" } }),
        ),
    ] {
        all.insert(name.into(), exampled(with(kind(of), vec![("slug", slug())]), example));
    }
    let named = |name: &str| json!({ "type": "object", "additionalProperties": reference(name) });
    let bible = json!({
        "type": "object",
        "description": "The whole bible: settings, style, world, narrative, characters, locations and props",
        "properties": {
            "settings": reference("Settings"), "style": reference("Style"), "world": reference("World"), "narrative": reference("Narrative"),
            "characters": named("Character"), "locations": named("Location"), "props": named("Prop"),
        },
        "additionalProperties": false,
    });
    let bible_example = json!({
        "settings": { "title": "Lantern Road", "slug": "lantern-road" },
        "world": { "era": "Shōwa 38, late summer", "rules": ["Foxes remember."] },
        "characters": { "mei": without(character_example(), "slug") },
        "locations": { "lantern-road": { "name": "Lantern Road", "set": "lantern-street" } },
        "props": { "lantern": { "name": "Lantern", "part": "paper-lantern" } },
    });
    all.insert("Bible".into(), exampled(bible, bible_example));
    let episode = with(
        kind("episode"),
        vec![
            ("at", at("Season and number")),
            ("shown_title", shown("The title as it is shown: the one written here, or that of the title page, or the number", text())),
            (
                "scenes",
                shown(
                    "The scenes of the screenplay",
                    json!({ "type": "array", "items": { "type": "object", "properties": { "at": text(), "heading": text() }, "required": ["at", "heading"] } }),
                ),
            ),
            ("script_digest", shown("BLAKE3 of the screenplay", text())),
            (
                "shot_list_digest",
                shown("BLAKE3 of the shot list in canonical JSON; null where there is none", json!({ "type": ["string", "null"] })),
            ),
        ],
    );
    let digest = "9a1b2c3d4e5f60718293a4b5c6d7e8f9012233445566778899aabbccddeeff00";
    all.insert("Episode".into(), exampled(episode, json!({
        "at": "S01E01", "title": "The first lantern", "shown_title": "The first lantern", "extras": ["CROWD"],
        "scenes": [{ "at": "S01E01.01", "heading": "EXT. LANTERN ROAD - NIGHT" }], "script_digest": digest, "shot_list_digest": null,
    })));
    let mut new = with(
        kind("episode"),
        vec![
            ("at", json!({ "type": "string", "description": "Season and number", "pattern": "^[Ss][0-9]+[Ee][0-9]+$" })),
            ("script", json!({ "type": "string", "description": "The screenplay in Fountain, with one scene at least" })),
            ("shot_list", reference("ShotList")),
        ],
    );
    new["required"] = json!(["at", "script"]);
    all.insert(
        "NewEpisode".into(),
        exampled(
            new,
            json!({
                "at": "S01E02", "title": "The long night", "script": "EXT. LANTERN ROAD - NIGHT\n\nMei lifts a lantern.\n\nMEI\nReady?\n",
                "shot_list": { "scenes": { "1": { "weather": "rain" } } },
            }),
        ),
    );
    let mut list = kind("shots");
    list["properties"]["scenes"]["additionalProperties"] = reference("SceneShots");
    all.insert("ShotList".into(), exampled(list, json!({ "scenes": { "1": { "weather": "rain", "shots": [shot_example()] } } })));
    let scene = all.get("SceneShots").cloned().unwrap_or_default();
    let scene = with(
        scene,
        vec![
            ("at", at("Which")),
            ("heading", shown("Its heading in the screenplay", text())),
            ("number", shown("The number that the screenplay prints; null where it prints none", json!({ "type": ["string", "null"] }))),
        ],
    );
    all.insert(
        "Scene".into(),
        exampled(
            scene,
            json!({
                "at": "S01E01.01", "heading": "EXT. LANTERN ROAD - NIGHT", "number": null, "weather": "rain", "shots": [shot_example()],
            }),
        ),
    );
    let shot = all.get("ShotSpec").cloned().unwrap_or_default();
    let shot = with(
        shot,
        vec![
            ("at", at("Which")),
            (
                "listed",
                shown(
                    "Whether the shot list lists it; otherwise the rules make it, and this is what is different about it",
                    json!({ "type": "boolean" }),
                ),
            ),
        ],
    );
    let mut example = shot_example();
    example["at"] = json!("S01E01.01.001");
    example["listed"] = json!(true);
    all.insert("Shot".into(), exampled(shot, example));
    let patch = json!({ "type": "object", "description": "A JSON Merge Patch (RFC 7396): the fields that change, and null for those that go", "additionalProperties": true });
    all.insert("Patch".into(), exampled(patch, json!({ "age": 16, "role": null })));
    for schema in all.values_mut() {
        relinked(schema);
    }
    all
}

/// Points references within the bible's schemas to where they are in this document.
fn relinked(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get_mut("$ref")
                && let Some(name) = reference.strip_prefix("#/$defs/")
            {
                *reference = format!("#/components/schemas/{name}");
            }
            fields.values_mut().for_each(relinked);
        }
        Value::Array(items) => items.iter_mut().for_each(relinked),
        _ => {}
    }
}

fn exampled(mut schema: Value, example: Value) -> Value {
    schema["example"] = example;
    schema
}

fn not_required(schema: &mut Value, field: &str) {
    if let Some(required) = schema["required"].as_array_mut() {
        required.retain(|name| name != field);
    }
}

fn without(mut value: Value, field: &str) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.remove(field);
    }
    value
}

fn project_example() -> Value {
    json!({
        "id": "0197f3c2-6f0b-7c55-9d7e-3f0a4f6f2d11",
        "slug": "lantern-road",
        "title": "Lantern Road",
        "description": "A girl, a fox, and the road where the lanterns go.",
        "language": "en",
        "bible": "0c7d3c0b7f5b4f1fb4b7f5d8d9e2a3c1b0a99887766554433221100ffeeddccbb",
        "updated_at": "2026-05-04T09:30:00.123456Z",
    })
}

fn character_example() -> Value {
    json!({
        "slug": "mei",
        "name": "Mei",
        "description": "She keeps the lanterns of her street.",
        "age": 15,
        "visual_traits": { "build": "teen", "height_cm": 158.0, "hair": { "style": "bob" }, "eyes": "round" },
        "colour_model": { "skin": "#f6d9c4", "hair": { "base": "#2b2f4a", "shadow": "#1c1f35" }, "iris.left": "#4a7a5c", "iris.right": "#8a5a2c" },
        "wardrobe": { "school": { "garments": [{ "part": "sailor-top", "colours": { "main": "#f4f4f4" } }] } },
        "look": "school",
    })
}

fn shot_example() -> Value {
    json!({ "framing": "medium", "seconds": 2.5, "cast": ["mei"], "lines": [1] })
}
