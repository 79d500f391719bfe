//! The engine itself: pictures and clips from briefs, and what they were made of.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use bible::story::{TimeOfDay, Weather};
use bible::{Digest, Slug};
use engine::brief::{Actor, Backdrop as BackdropBrief, ClipBrief, PictureBrief};
use engine::picture::Picture;
use engine::{Capabilities, Engine, EngineError, Frame};

use crate::creature::build::AnyBuild;
use crate::part::Catalogue;
use crate::stage::backdrop::Backdrop;
use crate::stage::camera::Camera;
use crate::stage::clip::Clip;
use crate::stage::scenery::{self, Scenery};
use crate::stage::shot::Shot;
use crate::stage::still;

/// Version in recipes: changes when the same brief would give other pixels.
const VERSION: &str = "2";

/// Sets under a light that are kept parsed: the scene at hand and the one before.
const KEPT_SCENERIES: usize = 2;

/// Bytes of finished backdrops that are kept.
const KEPT_BACKDROPS: usize = 20 << 20;

/// Draws with the parts of a catalogue. Cheap to share; keeps recently used sets and backdrops.
#[derive(Debug)]
pub struct LayoutEngine {
    catalogue: Catalogue,
    kept: Mutex<Kept>,
    digests: Mutex<BTreeMap<String, Digest>>,
    set_files: Mutex<HashMap<(Slug, TimeOfDay, Weather), Arc<[String]>>>,
}

/// What is kept between pictures, the least recently used first.
#[derive(Debug, Default)]
struct Kept {
    sceneries: Vec<(BackdropBrief, Arc<Scenery>)>,
    backdrops: Vec<((BackdropBrief, Camera), Arc<Backdrop>)>,
}

impl LayoutEngine {
    /// An engine with the parts of `catalogue`.
    #[must_use]
    pub fn new(catalogue: Catalogue) -> Self {
        Self { catalogue, kept: Mutex::default(), digests: Mutex::default(), set_files: Mutex::default() }
    }

    /// The parts that it draws with.
    #[must_use]
    pub const fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The files that a picture is drawn from, in alphabetical order, each with its digest: with the brief and
    /// the engine's version they decide every pixel.
    ///
    /// # Errors
    /// When the brief names something that does not exist.
    pub fn inputs_of(&self, brief: &PictureBrief) -> Result<Vec<(String, Digest)>, EngineError> {
        let mut paths = BTreeSet::new();
        self.picture_files(brief, &mut paths)?;
        Ok(self.digested(paths))
    }

    /// The files that a clip is drawn from; see [`LayoutEngine::inputs_of`].
    ///
    /// # Errors
    /// When the brief names something that does not exist.
    pub fn inputs_of_clip(&self, brief: &ClipBrief) -> Result<Vec<(String, Digest)>, EngineError> {
        let mut paths = BTreeSet::new();
        self.picture_files(&brief.picture, &mut paths)?;
        for pose in brief.performances.iter().flat_map(|performance| &performance.beats).filter_map(|beat| beat.pose.as_ref()) {
            paths.insert(format!("poses/{pose}.yaml"));
        }
        Ok(self.digested(paths))
    }

    fn picture_files(&self, brief: &PictureBrief, paths: &mut BTreeSet<String>) -> Result<(), EngineError> {
        if let BackdropBrief::Set { set, time, weather, .. } = &brief.backdrop {
            paths.extend(self.set_files(set, *time, *weather)?.iter().cloned());
        }
        for actor in &brief.actors {
            self.actor_files(actor, paths)?;
        }
        for prop in &brief.props {
            self.part_files("prop", &prop.prop.part, paths)?;
        }
        Ok(())
    }

    /// The files of a set, read from its design once.
    fn set_files(&self, set: &Slug, time: TimeOfDay, weather: Weather) -> Result<Arc<[String]>, EngineError> {
        let key = (set.clone(), time, weather);
        let known = || self.set_files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(files) = known().get(&key) {
            return Ok(Arc::clone(files));
        }
        let files: Arc<[String]> = scenery::files(&self.catalogue, set, time, weather)?.into();
        known().insert(key, Arc::clone(&files));
        Ok(files)
    }

    fn actor_files(&self, actor: &Actor, paths: &mut BTreeSet<String>) -> Result<(), EngineError> {
        let figure = &actor.figure;
        paths.insert(format!("poses/{}.yaml", actor.pose));
        paths.insert(format!("builds/{}.yaml", figure.build));
        match &*self.catalogue.data::<AnyBuild>("build", &figure.build)? {
            AnyBuild::Quadruped(build) => self.part_files("creature", &build.creature, paths)?,
            AnyBuild::TwoLegged(_) => {
                // What every figure has without naming it: the body, its ends, and the mouth of each face.
                for category in ["body", "hand", "foot", "mouth", "face"] {
                    paths.extend(self.catalogue.files(&format!("parts/{category}/")).map(str::to_owned));
                }
                for (category, name) in crate::head::parts_of(figure)? {
                    self.part_files(category, &name, paths)?;
                }
            }
        }
        for (category, name) in [("ear", &figure.ears), ("tail", &figure.tail)] {
            if let Some(name) = name {
                self.part_files(category, name, paths)?;
            }
        }
        for garment in &figure.garments {
            self.part_files("garment", &garment.part, paths)?;
        }
        for worn in figure.marks.iter().chain(&figure.accessories) {
            let category =
                ["accessory", "mark"].into_iter().find(|category| self.catalogue.names(category).any(|name| name == worn.part.as_str()));
            self.part_files(category.unwrap_or("accessory"), &worn.part, paths)?;
        }
        for prop in &actor.holds {
            self.part_files("prop", &prop.part, paths)?;
        }
        Ok(())
    }

    fn part_files(&self, category: &str, name: &Slug, paths: &mut BTreeSet<String>) -> Result<(), EngineError> {
        self.catalogue.part(category, name)?;
        paths.extend(self.catalogue.files(&format!("parts/{category}/{name}/")).map(str::to_owned));
        Ok(())
    }

    fn digested(&self, paths: BTreeSet<String>) -> Vec<(String, Digest)> {
        let mut known = self.digests.lock().unwrap_or_else(PoisonError::into_inner);
        paths
            .into_iter()
            .filter_map(|path| {
                let digest = match known.get(&path) {
                    Some(digest) => *digest,
                    None => {
                        let digest = Digest::of(&self.catalogue.file(&path)?);
                        known.insert(path.clone(), digest);
                        digest
                    }
                };
                Some((path, digest))
            })
            .collect()
    }

    /// The scenery of a backdrop; none before a plain colour.
    fn scenery(&self, backdrop: &BackdropBrief) -> Result<Option<Arc<Scenery>>, EngineError> {
        let BackdropBrief::Set { set, colours, time, weather } = backdrop else { return Ok(None) };
        if let Some(scenery) = recall(&mut self.kept().sceneries, |kept| kept == backdrop) {
            return Ok(Some(scenery));
        }
        // Built without the lock: two threads may build the same one, which costs time but not sense.
        let scenery = Arc::new(Scenery::build(&self.catalogue, set, colours, *time, *weather)?);
        let mut kept = self.kept();
        kept.sceneries.push((backdrop.clone(), Arc::clone(&scenery)));
        while kept.sceneries.len() > KEPT_SCENERIES {
            kept.sceneries.remove(0);
        }
        Ok(Some(scenery))
    }

    fn backdrop(&self, shot: &Shot<'_>) -> Result<Arc<Backdrop>, EngineError> {
        let (brief, camera) = (&shot.brief.backdrop, shot.staging.camera);
        if let Some(backdrop) = recall(&mut self.kept().backdrops, |(kept, from)| kept == brief && *from == camera) {
            return Ok(backdrop);
        }
        let backdrop = Arc::new(match (&shot.scenery, brief) {
            (Some(scenery), _) => Backdrop::of_set(scenery, &camera)?,
            (None, BackdropBrief::Plain { colour }) => Backdrop::plain(&camera, *colour)?,
            (None, BackdropBrief::Set { set, .. }) => {
                return Err(EngineError::Impossible { reason: format!("the set `{set}` was not built") });
            }
        });
        let mut kept = self.kept();
        kept.backdrops.push(((brief.clone(), camera), Arc::clone(&backdrop)));
        while kept.backdrops.len() > 1 && kept.backdrops.iter().map(|(_, backdrop)| backdrop.bytes()).sum::<usize>() > KEPT_BACKDROPS {
            kept.backdrops.remove(0);
        }
        Ok(backdrop)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shot<'a>(&'a self, brief: &'a PictureBrief) -> Result<Shot<'a>, EngineError> {
        let canvas = brief.canvas;
        if !(16..=7_680).contains(&canvas.width) || !(16..=7_680).contains(&canvas.height) {
            return Err(EngineError::Impossible {
                reason: format!("a canvas of {} x {} pixels; each side must be from 16 to 7680", canvas.width, canvas.height),
            });
        }
        Shot::new(&self.catalogue, brief, self.scenery(&brief.backdrop)?)
    }
}

/// Finds an entry and makes it the most recently used.
fn recall<K, V>(kept: &mut Vec<(K, Arc<V>)>, is: impl Fn(&K) -> bool) -> Option<Arc<V>> {
    let at = kept.iter().position(|(key, _)| is(key))?;
    let entry = kept.remove(at);
    let value = Arc::clone(&entry.1);
    kept.push(entry);
    Some(value)
}

impl Engine for LayoutEngine {
    fn capabilities(&self) -> Capabilities {
        Capabilities { name: "layout".to_owned(), version: VERSION.to_owned(), part_maps: true, skeletons: true }
    }

    fn picture(&self, brief: &PictureBrief) -> Result<Picture, EngineError> {
        let shot = self.shot(brief)?;
        let backdrop = self.backdrop(&shot)?;
        still::picture(&shot, &backdrop)
    }

    /// Draws the frames of a clip. The first frame is the picture of the same brief when the clip does not fade in,
    /// the camera stands still or zooms in, nobody's mouth or place changes at frame 0, and nothing falls or drifts
    /// (or the seed is 0).
    fn clip<'a>(&'a self, brief: &'a ClipBrief) -> Result<Box<dyn Iterator<Item = Result<Frame, EngineError>> + Send + 'a>, EngineError> {
        let shot = self.shot(&brief.picture)?;
        Ok(Box::new(Clip::new(shot, brief, |shot| self.backdrop(shot))?))
    }
}
