//! `workflows show`: what a template takes, from where its defaults are, what it is made of.

use comfyui::template::{Shelf, Template};
use serde_json::{Value, json};

use super::template;
use crate::exit::Exit;
use crate::{Context, output};

pub(crate) fn run(shelf: &Shelf, name: &str, context: &Context) -> anyhow::Result<Exit> {
    let template = template(shelf, name)?;
    if context.json {
        output::json(&described(template, shelf))?;
        return Ok(Exit::Success);
    }
    let manifest = &template.manifest;
    output::line(&manifest.title);
    if !manifest.about.trim().is_empty() {
        output::line(manifest.about.trim());
    }
    if let Some((name, family)) = &template.family {
        output::line(format_args!("\nFamily    {name}: {} ({} build)", family.title, family.architecture));
        if let Some(licence) = &family.licence {
            output::line(format_args!("Licence   {}  [{}]", plain(&licence.value), licence.source));
        }
    }
    output::line("\nSlots");
    let slots = template.slots();
    let width = slots.iter().map(|slot| slot.name.len()).max().unwrap_or(0);
    for slot in &slots {
        let mark = if slot.required { "*" } else { " " };
        output::line(format_args!("{mark} {:<width$}  {}: {}", slot.name, slot.slot.about, slot.slot.takes.text()));
        if let Some(default) = slot.default {
            output::line(format_args!("  {:<width$}  = {}  [{}]", "", plain(&default.value), default.source));
        }
    }
    output::line("  (* has to be given)");
    if !manifest.variants.is_empty() {
        output::line("\nVariants");
        for (name, variant) in &manifest.variants {
            output::line(format_args!("  {name}: {}", variant.about));
        }
    }
    output::line("\nNode classes");
    for (class, parts) in template.classes() {
        let pack = shelf.pack_of(class).map(|pack| format!("  from {} ({})", pack.title, pack.repository)).unwrap_or_default();
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let by = if parts.is_empty() { String::new() } else { format!("  for {}", parts.join(", ")) };
        output::line(format_args!("  {class}{by}{pack}"));
    }
    Ok(Exit::Success)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) if !text.is_empty() => text.clone(),
        Value::Object(fields) => match (fields.get("width"), fields.get("height")) {
            (Some(width), Some(height)) => format!("{width}x{height}"),
            _ => value.to_string(),
        },
        other => other.to_string(),
    }
}

fn described(template: &Template, shelf: &Shelf) -> Value {
    let slots = template.slots();
    json!({
        "name": template.name,
        "title": template.manifest.title,
        "about": template.manifest.about.trim(),
        "makes": template.manifest.makes,
        "family": template.family.as_ref().map(|(name, family)| json!({
            "name": name, "title": family.title, "architecture": family.architecture, "prompts": family.prompts,
            "licence": family.licence.as_ref().map(|licence| json!({"value": licence.value, "source": licence.source})),
        })),
        "slots": slots.iter().map(|slot| json!({
            "name": slot.name, "takes": slot.slot.takes.text(), "about": slot.slot.about, "required": slot.required,
            "default": slot.default.map(|default| json!({"value": default.value, "source": default.source})),
        })).collect::<Vec<_>>(),
        "parts": template.parts().map(|(name, used, alternatives)| json!({
            "name": name,
            "when": used.and_then(|used| used.when.as_ref()),
            "group": used.and_then(|used| used.group.as_ref()),
            "each": used.and_then(|used| used.each.as_ref()),
            "alternatives": alternatives.iter().map(|part| &part.name).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "variants": template.manifest.variants.iter().map(|(name, variant)| json!({"name": name, "about": variant.about})).collect::<Vec<_>>(),
        "node_classes": template.classes().into_iter().map(|(class, parts)| json!({
            "class": class, "parts": parts, "pack": shelf.pack_of(class).map(|pack| &pack.title),
        })).collect::<Vec<_>>(),
    })
}
