//! How a show is drawn through ComfyUI: its template and settings, and what of them belongs to each recipe.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bible::project::Canvas;
use bible::render::{Control, ModelUse, Render};
use bible::{Digest, Slug};
use comfyui::template::{Choice, FillError, Part, PartUse, Shelf, Takes, Template, Values};
use engine::correction::NamedPart;
use engine::picture::{PartMap, Raster};
use engine::{Capabilities, PictureBrief};
use serde_json::{Map, Value, json};

use crate::accepted_sheets::AcceptedSheets;
use crate::drawn_size::{STEP, drawn_size};
use crate::filming::Filming;
use crate::pinned_files::pins;
use crate::{Show, StudioError};

/// Changes when the same recipe would be filled into another graph, or its pictures be used otherwise.
const VERSION: &str = "1";

/// How a show is drawn through ComfyUI.
#[derive(Debug, Clone)]
pub struct Rendering {
    settings: Render,
    template: Arc<Template>,
    family: String,
    canvas: Canvas,
    show: director::prompt::Show,
    film: Option<Filming>,
    /// What is accepted of the show's sheets, where that shows the model who people are.
    sheets: Option<Arc<AcceptedSheets>>,
}

/// The slots of pictures that show who people are.
const REFERENCES: &str = "references";

/// The maps of a layout on a server, by the names that it gave them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Uploads {
    pub(crate) picture: Option<String>,
    pub(crate) pose: Option<String>,
    pub(crate) masks: Vec<(Slug, String)>,
    /// White where alone the picture is drawn anew.
    pub(crate) repaint: Option<String>,
    /// What shows who people are, the most important first.
    pub(crate) references: Vec<String>,
}

impl Rendering {
    /// How a show is drawn; none when the built-in engine draws it.
    ///
    /// # Errors
    /// [`StudioError::Rendering`] when its settings name a template that is not there, or one that makes no pictures.
    pub fn of(show: &Show) -> Result<Option<Self>, StudioError> {
        let settings = &show.project.settings.render;
        if !settings.is_comfyui() {
            return Ok(None);
        }
        let wrong = |reason: String| StudioError::Rendering { reason };
        let shelf = Shelf::with_folder(&show.folder.path.join("workflows")).map_err(|errors| wrong(errors.to_string()))?;
        let name = settings.workflow.as_deref().ok_or_else(|| wrong("`render.workflow` has to name a template".to_owned()))?;
        let template = shelf.get(name).filter(|template| !template.manifest.base).ok_or_else(|| {
            let near = shelf.nearest(name).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            wrong(format!("there is no workflow template `{name}`{near}"))
        })?;
        let (family, _) = template.family.as_ref().ok_or_else(|| {
            wrong(format!("the manifest of {name} has to name its `family` of models, so that prompts are written for it"))
        })?;
        director::prompt::known(family).map_err(|error| wrong(error.to_string()))?;
        if settings.controls.contains(&Control::References) {
            check_references(settings, template).map_err(wrong)?;
        }
        let words = director::prompt::Show::of(&show.project);
        let film = settings.film.as_ref().map(|film| Filming::of(film, &shelf, words.clone())).transpose().map_err(wrong)?;
        Ok(Some(Self {
            settings: settings.clone(),
            template: Arc::clone(template),
            family: family.clone(),
            canvas: show.project.settings.canvas,
            show: words,
            film,
            sheets: settings.controls.contains(&Control::References).then(Arc::default),
        }))
    }

    /// The same with what is accepted of the show's sheets.
    pub(crate) fn with_sheets(self, sheets: Arc<AcceptedSheets>) -> Self {
        Self { sheets: Some(sheets), ..self }
    }

    /// What is accepted of the show's sheets; none where that does not show the model who people are.
    pub(crate) fn sheets(&self) -> Option<&AcceptedSheets> {
        self.sheets.as_deref()
    }

    /// How many pictures that show who people are the template takes.
    pub(crate) fn most_references(&self) -> usize {
        taking_references(&self.template).map_or(0, |(_, used, _)| used.max.unwrap_or(usize::MAX))
    }

    /// The engine's name and version as recipes have them, with what makes the layouts that steer it.
    #[must_use]
    pub fn capabilities(&self, layout: &Capabilities) -> Capabilities {
        let version = format!("{VERSION}, {} {}", layout.name, layout.version);
        Capabilities { name: "comfyui".to_owned(), version, part_maps: layout.part_maps, skeletons: layout.skeletons }
    }

    /// What of this belongs to a recipe that shows these people, whom accepted pictures show to the model or not.
    pub(crate) fn ingredients<'a>(&self, people: impl Iterator<Item = &'a Slug>, shown: bool) -> Value {
        let mut loras = Map::new();
        let mut pronouns = Map::new();
        for character in people {
            if let Some(own) = self.settings.character_loras.get(character) {
                loras.insert(character.to_string(), json!(own));
            }
            if let Some(own) = self.show.pronouns.get(character) {
                pronouns.insert(character.to_string(), json!(own));
            }
        }
        let Render { engine: _, workflow, variant, checkpoint, loras: style, character_loras: _, attempts: _, controls, slots, film: _ } =
            &self.settings;
        // How references are read says nothing of what is drawn without: fronts that are accepted stay so.
        let counts = |slot: &str| shown || !self.wants(Control::References) || !slot.starts_with("references.");
        let slots: Map<String, Value> =
            slots.iter().filter(|(slot, _)| counts(slot)).map(|(slot, value)| (slot.clone(), value.clone())).collect();
        let mut ingredients = json!({
            "workflow": workflow,
            "template": self.template.source,
            "variant": variant,
            "family": self.family,
            "prompts": director::prompt::stamp(),
            "checkpoint": checkpoint,
            "loras": style,
            "character_loras": loras,
            "controls": controls,
            "slots": slots,
            "style": self.show.style,
            "pronouns": pronouns,
        });
        // Said where there is a margin alone, so that what was drawn without one stays what it is.
        if drawn_size(self.canvas, STEP) != self.canvas && self.has_margin() {
            ingredients["margin"] = json!(drawn_size(self.canvas, STEP));
        }
        ingredients
    }

    /// Whether pictures are drawn at a size that follows from the canvas, and not at one that the settings name.
    pub(crate) fn has_margin(&self) -> bool {
        self.template.takes("size").is_some() && !self.settings.slots.contains_key("size")
    }

    /// Stands for everything of this.
    pub(crate) fn stamp(&self) -> String {
        let film = self.film.as_ref().map(Filming::stamp);
        let sheets = self.sheets.as_ref().map(|sheets| format!(" {sheets:?}")).unwrap_or_default();
        format!("{:?} {} {:?} {:?} {film:?}{sheets}", self.settings, self.template.source, self.canvas, self.show)
    }

    /// How the films of shots are drawn; none where key pictures are held.
    pub(crate) fn film(&self) -> Option<&Filming> {
        self.film.as_ref()
    }

    /// BLAKE3 that files among these models have to have, where the settings say it.
    pub(crate) fn pinned(&self, models: &BTreeSet<String>) -> BTreeMap<String, Digest> {
        pins(&self.settings).filter(|(model, _)| models.contains(model)).collect()
    }

    /// Which maps of the layout a picture needs.
    pub(crate) fn wants(&self, control: Control) -> bool {
        self.settings.controls.contains(&control)
    }

    /// The template.
    pub(crate) fn template(&self) -> &Template {
        &self.template
    }

    pub(crate) fn variant(&self) -> Option<String> {
        self.settings.variant.clone()
    }

    /// Whether a part of a picture can be drawn anew while the rest stays.
    pub(crate) fn repaints(&self) -> bool {
        self.wants(Control::Picture) && self.template.takes("mask").is_some()
    }

    /// The values of a picture, with what is said more clearly than usual.
    ///
    /// # Errors
    /// When prompts are not written for the family.
    pub(crate) fn values(
        &self,
        brief: &PictureBrief,
        seed: u64,
        uploads: &Uploads,
        stress: &[NamedPart],
    ) -> Result<Values, director::prompt::UnknownFamily> {
        let prompt = director::prompt::picture(brief, &self.show, &self.family, stress)?;
        let mut values = Values::new();
        let mut set = |name: &str, value: Value| values.set(name, value);
        let has = |name: &str| self.template.takes(name).is_some();
        if has("size") {
            let Canvas { width, height } = drawn_size(brief.canvas, STEP);
            set("size", json!({ "width": width, "height": height }));
        }
        set("seed", json!(seed));
        if has("negative") && !prompt.negative.is_empty() {
            set("negative", json!(prompt.negative));
        }
        if let Some(checkpoint) = &self.settings.checkpoint {
            set("checkpoint", json!(checkpoint.file));
        }
        let own = brief.actors.iter().filter_map(|actor| self.settings.character_loras.get(&actor.figure.character)).flatten();
        for (index, lora) in self.settings.loras.iter().chain(own).enumerate() {
            let ModelUse { file, strength, .. } = lora;
            set(&format!("loras.{index}.file"), json!(file));
            if let Some(strength) = strength {
                set(&format!("loras.{index}.strength"), json!(strength));
            }
        }
        if let Some(picture) = &uploads.picture {
            set("image", json!(picture));
        }
        if let Some(mask) = &uploads.repaint {
            set("mask", json!(mask));
        }
        if let Some(pose) = &uploads.pose {
            set("pose.image", json!(pose));
        }
        if uploads.masks.is_empty() {
            set("prompt", json!(prompt.positive));
        } else {
            set("prompt", json!(prompt.scene));
            for (index, (character, mask)) in uploads.masks.iter().enumerate() {
                let region = prompt.regions.iter().find(|region| region.character == *character);
                set(&format!("regions.{index}.prompt"), json!(region.map_or("", |region| region.prompt.as_str())));
                set(&format!("regions.{index}.mask"), json!(mask));
            }
        }
        for (index, reference) in uploads.references.iter().enumerate() {
            set(&format!("{REFERENCES}.{index}.image"), json!(reference));
        }
        for (slot, value) in &self.settings.slots {
            match slot.strip_prefix("references.") {
                // What is said of a picture that shows somebody needs one.
                Some(field) if self.wants(Control::References) => {
                    for slot in of_references(field, uploads.references.len()) {
                        set(&slot, value.clone());
                    }
                }
                // A pose's model without a pose in the picture has nothing to steer by.
                _ if uploads.pose.is_none() && slot.starts_with("pose.") => {}
                _ => set(slot, value.clone()),
            }
        }
        Ok(values)
    }

    pub(crate) fn choice(&self, mut choice: Choice) -> Choice {
        choice.variant = self.variant();
        choice
    }
}

/// Why the settings of a show cannot have pictures show a template who people are.
fn check_references(settings: &Render, template: &Template) -> Result<(), String> {
    if template.takes("references.0.image") != Some(&Takes::Image) {
        return Err(format!(
            "`controls` has `references`, and {} has no `references` that take a picture: take a template that has, such as \
             sdxl-illustrious or qwen-image-edit, or leave `references` out",
            template.name
        ));
    }
    let image = settings.slots.keys().find(|slot| slot.starts_with("references.") && slot.ends_with(".image"));
    if let Some(slot) = image {
        return Err(format!(
            "`slots` sets `{slot}`, which `references` among the `controls` sets to pictures of the show's sheets: leave out one of the two"
        ));
    }
    // The front is drawn without, so this would be found out when everybody's is accepted.
    let unsaid = unsaid(settings, template);
    if unsaid.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = unsaid.iter().map(|(slot, about)| format!("`{}` ({about})", slot.replacen(".0.", ".", 1))).collect();
    Err(format!("`controls` has `references`, so `slots` has to set for {}: {}", template.name, list.join(", ")))
}

/// The part of a template that takes pictures which show who people are: what it is called, how it is used, and which graphs
/// it may be.
fn taking_references(template: &Template) -> Option<(&str, &PartUse, &[Arc<Part>])> {
    let each = |used: &&PartUse| used.each.as_deref() == Some(REFERENCES);
    template.parts().find_map(|(name, used, alternatives)| Some((name, used.filter(each)?, alternatives)))
}

/// What a picture that shows somebody needs and that is not set, whichever of its ways a template takes: of the first way, the
/// slots and what they are for.
fn unsaid(settings: &Render, template: &Template) -> Vec<(String, String)> {
    let mut values = Values::new().with("prompt", "").with(&format!("{REFERENCES}.0.image"), "reference.png");
    for (slot, value) in &settings.slots {
        match slot.strip_prefix("references.") {
            Some(field) => of_references(field, 1).iter().for_each(|slot| values.set(slot, value.clone())),
            None => values.set(slot, value.clone()),
        }
    }
    let ways =
        taking_references(template).into_iter().flat_map(|(name, _, alternatives)| alternatives.iter().map(move |part| (name, &part.name)));
    let missing_in = |(name, part): (&str, &String)| -> Vec<(String, String)> {
        let choice = Choice { variant: settings.variant.clone(), parts: [(name.to_owned(), part.clone())].into(), ..Choice::default() };
        let problems = template.fill(&values, &choice).err().map(|errors| errors.0).unwrap_or_default();
        let missing = problems.into_iter().filter_map(|problem| match problem {
            FillError::Missing { slot, about } if slot.starts_with("references.") => Some((slot, about)),
            _ => None,
        });
        missing.collect()
    };
    let missing: Vec<Vec<(String, String)>> = ways.map(missing_in).collect();
    if missing.iter().any(Vec::is_empty) { Vec::new() } else { missing.into_iter().next().unwrap_or_default() }
}

/// The slots that a setting of `references` is for: `weight` of each of so many pictures, `1.weight` of the second alone.
fn of_references(field: &str, count: usize) -> Vec<String> {
    match field.split_once('.').and_then(|(number, _)| number.parse::<usize>().ok()) {
        Some(number) if number < count => vec![format!("{REFERENCES}.{field}")],
        Some(_) => Vec::new(),
        None => (0..count).map(|index| format!("{REFERENCES}.{index}.{field}")).collect(),
    }
}

/// The seed of an attempt at a picture, from 1 on: it follows from what is to be drawn and the attempt's number. 53 bits,
/// which every reader of JSON keeps exactly.
pub(crate) fn seed_of(brief: &PictureBrief, attempt: u32) -> Result<u64, serde_json::Error> {
    let digest = if attempt <= 1 { Digest::of_json(brief)? } else { Digest::of_json(&(brief, attempt))? };
    Ok(seed_from(digest))
}

/// The first 53 bits of a digest.
pub(crate) fn seed_from(digest: Digest) -> u64 {
    digest.as_bytes()[..8].iter().fold(0, |seed, byte| seed << 8 | u64::from(*byte)) >> 11
}

/// White where a character is.
pub(crate) fn mask_of(parts: &PartMap, character: &Slug) -> Option<Raster> {
    let own = parts.owned_by(character);
    let inside = |index: &u8| own[usize::from(*index)];
    if !parts.indices.iter().any(inside) {
        return None;
    }
    let rgba = parts.indices.iter().flat_map(|index| if inside(index) { [255; 4] } else { [0, 0, 0, 255] }).collect();
    Some(Raster { width: parts.width, height: parts.height, rgba })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_references_is_said_of_each_that_there_is() {
        assert_eq!(of_references("weight", 2), ["references.0.weight", "references.1.weight"]);
        assert_eq!(of_references("1.weight", 2), ["references.1.weight"]);
        assert!(of_references("1.weight", 1).is_empty() && of_references("weight", 0).is_empty());
    }

    #[test]
    fn a_template_that_takes_no_pictures_of_people_is_refused_and_so_is_a_picture_that_is_set_by_hand() {
        let shelf = Shelf::built_in().unwrap();
        let check = |template: &str, slots: &[&str]| {
            let slots = slots.iter().map(|slot| ((*slot).to_owned(), json!("x"))).collect();
            check_references(&Render { slots, ..Render::default() }, shelf.get(template).unwrap())
        };
        assert_eq!(check("sdxl-illustrious", &["references.adapter", "references.clip_vision"]), Ok(()));
        assert!(check("qwen-image", &[]).unwrap_err().contains("`controls` has `references`, and qwen-image has no `references`"));
        assert!(check("sdxl", &["references.0.image"]).unwrap_err().contains("leave out one of the two"));
        let unsaid = check("sdxl-illustrious", &["references.adapter"]).unwrap_err();
        assert!(unsaid.contains("`slots` has to set for sdxl-illustrious: `references.clip_vision` (the vision model"), "{unsaid}");
        assert_eq!(check("qwen-image-edit", &[]), Ok(()), "it takes pictures as they are");
    }
}
