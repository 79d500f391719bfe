//! Finished episodes as files in a folder that people open.

use std::path::{Path, PathBuf};

use bible::Slug;
use store::Cut;

use crate::{Studio, StudioError};

/// Puts the files of a cut into `<out>/<S01E01>/`, each appearing whole or not at all. Files that are there
/// already with the right size are left alone.
pub(crate) async fn put_out(studio: &Studio, cut: &Cut, slug: &Slug, out: &Path) -> Result<Vec<PathBuf>, StudioError> {
    let folder = out.join(cut.episode.to_string());
    std::fs::create_dir_all(&folder).map_err(StudioError::file("making", &folder))?;
    let mut files = Vec::with_capacity(cut.files.len());
    for file in &cut.files {
        let name = if file.media_type == "video/mp4" { format!("{slug}-{}.mp4", cut.episode) } else { file.name.clone() };
        let path = folder.join(name);
        let stamp = folder.join(format!(".{}", file.name));
        // The name of what was put out stands in a small file beside it, so a newer cut of the same size is seen.
        let known = std::fs::read_to_string(&stamp).unwrap_or_default();
        let there = std::fs::metadata(&path).is_ok_and(|found| found.len() == file.bytes);
        if !there || known.trim() != file.digest.to_string() {
            let bytes = studio.blobs.get(file.digest).await?;
            let draft = folder.join(format!(".{}.part", file.name));
            std::fs::write(&draft, &bytes).map_err(StudioError::file("writing", &draft))?;
            std::fs::rename(&draft, &path).map_err(StudioError::file("writing", &path))?;
            std::fs::write(&stamp, file.digest.to_string()).map_err(StudioError::file("writing", &stamp))?;
        }
        files.push(path);
    }
    Ok(files)
}
