//! The networks that look at pictures of other engines than the layout engine, and what they remember of a production.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use bible::{Digest, Slug};
use consistency::measure::{Measure, Role};
use consistency::{Likeness, Measurement, Outcome, Region, SegmentedColours, Subject};
use engine::picture::{PartMap, Raster};
use vision_models::{
    BoxKind, Embedder, Embedding, Finder, FolderError, FoundBox, Identity, Manifest, ModelFolder, ModelKind, Pinned, Sought, Verified,
    character, figure_of,
};

/// Why who is in a picture was not measured where no model is there.
const NO_MODEL: &str = "no identity model is installed, so nobody knows who is in a picture that the layout engine did not draw; \
    get one yourself and `echo-studio models add FILE --preset ccip` (`echo-studio doctor` says where)";

/// The networks of a models folder, loaded when the first picture needs them.
pub(crate) struct Networks {
    folder: Option<ModelFolder>,
    ready: OnceLock<Result<Mutex<Embedder>, String>>,
    looking: OnceLock<Result<Looking, String>>,
    /// Of pictures that were embedded, by what they are: references are asked for again and again.
    embedded: Mutex<HashMap<(Digest, Slug), Result<Embedding, String>>>,
    /// The same of what figures look like in small.
    likenesses: Mutex<HashMap<(Digest, Slug), Result<Likeness, String>>>,
}

struct Looking {
    finder: Mutex<Finder>,
    /// The project's own detector, where it has one.
    detector: Option<String>,
}

impl Networks {
    pub(crate) fn new(folder: Option<ModelFolder>) -> Self {
        let (embedded, likenesses) = (Mutex::default(), Mutex::default());
        Self { folder, ready: OnceLock::new(), looking: OnceLock::new(), embedded, likenesses }
    }

    /// The identity model, where the finder is there too.
    fn ready(&self) -> Result<&Mutex<Embedder>, &str> {
        let load = || {
            let folder = self.folder.as_ref().ok_or_else(|| NO_MODEL.to_owned())?;
            let model = folder.first_of(ModelKind::Identity).map_err(told)?.ok_or_else(|| NO_MODEL.to_owned())?;
            let embedder = Embedder::open(pinned(&model)?, &model.file).map_err(told)?;
            self.looking()?;
            Ok(Mutex::new(embedder))
        };
        self.ready.get_or_init(load).as_ref().map_err(String::as_str)
    }

    fn looking(&self) -> Result<&Looking, String> {
        let load = || {
            // A detector of one's own was chosen for these pictures; ours is for those who have none.
            let own = self.folder.as_ref().map(|folder| folder.first_of(ModelKind::Finder)).transpose().map_err(told)?.flatten();
            let finder = match &own {
                Some(own) => Finder::open(pinned(own)?, &own.file).map_err(told)?,
                None => Finder::built_in().map_err(told)?,
            };
            let detector = own.map(|own| name_of(&own.manifest));
            Ok(Looking { finder: Mutex::new(finder), detector })
        };
        self.looking.get_or_init(load).as_ref().map_err(Clone::clone)
    }

    /// Whether a folder has an identity model, sound or not.
    pub(crate) fn has_identity(folder: &ModelFolder) -> Result<bool, String> {
        folder.first_of(ModelKind::Identity).map(|model| model.is_some()).map_err(told)
    }

    /// What stands for the vectors that these networks make, with the numbers in each: the identity model, and the
    /// project's own detector where it cuts out who is embedded.
    pub(crate) fn name_and_length(&self) -> Result<(String, usize), String> {
        let embedder = self.ready()?.lock().unwrap_or_else(PoisonError::into_inner);
        let name = name_of(embedder.manifest());
        let name = self.looking()?.detector.as_ref().map_or_else(|| name.clone(), |detector| format!("{name}+{detector}"));
        Ok((name, embedder.manifest().output.length.unwrap_or(0)))
    }

    /// The people of a picture. No identity model is needed for that.
    pub(crate) fn find(&self, image: &Raster) -> Result<Vec<FoundBox>, String> {
        // A network that failed once is as good as before: it has no state between pictures.
        self.looking()?.finder.lock().unwrap_or_else(PoisonError::into_inner).find(image).map_err(told)
    }

    /// The embedding of a place in a picture; of all of it where none is named.
    pub(crate) fn embed_region(&self, image: &Raster, region: Option<Region>) -> Result<Embedding, String> {
        self.ready()?.lock().unwrap_or_else(PoisonError::into_inner).embed(image, region).map_err(told)
    }

    /// Whether there is an identity model that can be used; why not, otherwise.
    pub(crate) fn identity(&self) -> Result<(), &str> {
        self.ready().map(|_| ())
    }

    /// The identity model's name, and the difference up to which two pictures show the same.
    pub(crate) fn threshold(&self) -> Option<(String, f64)> {
        let embedder = self.ready().ok()?.lock().unwrap_or_else(PoisonError::into_inner);
        Some((embedder.manifest().name.clone(), embedder.manifest().threshold?))
    }

    /// What is known of a reference already.
    pub(crate) fn known(&self, file: Digest, who: &Slug) -> Option<Result<Embedding, String>> {
        self.embedded.lock().unwrap_or_else(PoisonError::into_inner).get(&(file, who.clone())).cloned()
    }

    /// Embeds a character of an accepted picture, cut out through its masks, or by the finder where there are none.
    pub(crate) fn embed(&self, file: Digest, png: &[u8], parts: Option<&PartMap>, who: &Slug) -> Result<Embedding, String> {
        if let Some(known) = self.known(file, who) {
            return known;
        }
        // What is wrong with the networks is not a picture's: it is not remembered of it.
        self.ready()?;
        let embed = || {
            let image = consistency::decode(png).map_err(told)?;
            let figure = self.figure(&image, parts, who)?;
            self.embed_region(&image, Some(figure))
        };
        let embedding = embed();
        self.embedded.lock().unwrap_or_else(PoisonError::into_inner).insert((file, who.clone()), embedding.clone());
        embedding
    }

    /// Where a character is in an accepted picture of them alone: by its masks, or by the finder where there are none.
    fn figure(&self, image: &Raster, parts: Option<&PartMap>, who: &Slug) -> Result<Region, String> {
        let masks = parts.filter(|parts| (parts.width, parts.height) == (image.width, image.height));
        let figure = match masks {
            Some(parts) => figure_of(parts, who),
            None => {
                let found = self.find(image)?;
                let people = found.iter().filter(|found| found.kind == BoxKind::Figure).count();
                if people > 1 {
                    return Err(format!("the finder sees {people} people in it"));
                }
                character(&found, image)
            }
        };
        figure.ok_or_else(|| format!("nothing of {who} is to be seen in it"))
    }

    /// What is known of a character's likeness already.
    pub(crate) fn known_likeness(&self, file: Digest, who: &Slug) -> Option<Result<Likeness, String>> {
        self.likenesses.lock().unwrap_or_else(PoisonError::into_inner).get(&(file, who.clone())).cloned()
    }

    /// What a character of an accepted picture looks like in small.
    pub(crate) fn likeness(&self, file: Digest, png: &[u8], parts: Option<&PartMap>, who: &Slug) -> Result<Likeness, String> {
        let look = || {
            let image = consistency::decode(png).map_err(told)?;
            let figure = self.figure(&image, parts, who)?;
            Likeness::of_region(&image, figure).ok_or_else(|| format!("nothing of {who} is to be seen in it"))
        };
        let likeness = look();
        self.likenesses.lock().unwrap_or_else(PoisonError::into_inner).insert((file, who.clone()), likeness.clone());
        likeness
    }

    /// The colours of the people of a picture that has no part masks.
    pub(crate) fn segmented_colours(&self, subject: &Subject<'_>, light: Result<[f32; 3], &str>) -> Measurement {
        // Nothing is looked for where nothing could be measured.
        let found = if light.is_ok() { self.find(subject.image) } else { Ok(Vec::new()) };
        SegmentedColours::new(found.as_deref().map_err(String::as_str), light).report(subject)
    }

    /// Who is in a picture, as far as it can be told.
    pub(crate) fn measure(&self, subject: &Subject<'_>, people: &[Sought]) -> Measurement {
        let ready = self.ready().map_err(str::to_owned).and_then(|embedder| Ok((embedder, self.looking()?)));
        match ready {
            Ok((embedder, looking)) => Identity { embedder, finder: &looking.finder, people }.report(subject),
            Err(reason) => unmeasured(&reason, people),
        }
    }

    /// The same where no network could look at any picture; none where one could.
    pub(crate) fn blind(&self, people: &[Sought]) -> Option<Measurement> {
        self.ready().err().map(|reason| unmeasured(reason, people))
    }
}

fn unmeasured(reason: &str, people: &[Sought]) -> Measurement {
    let outcome = if people.is_empty() {
        Outcome::NotApplicable { reason: "nobody is in the picture".to_owned() }
    } else {
        Outcome::NotMeasured { reason: reason.to_owned() }
    };
    Measurement { measure: "identity".to_owned(), version: 0, role: Role::Identity, outcome }
}

/// The manifest of a model whose file is the one that was added; what that means for pictures otherwise.
pub(crate) fn pinned(model: &Pinned) -> Result<Manifest, String> {
    let name = &model.manifest.name;
    let unsound = |what: &str| Err(format!("{what}, so it was not used; see `echo-studio models verify`"));
    match model.verify() {
        Ok(Verified::Same) => Ok(model.manifest.clone()),
        Ok(Verified::Changed { .. }) => unsound(&format!("the file of the model {name} is not the one that was added")),
        Ok(Verified::Missing) => unsound(&format!("the file of the model {name} is gone")),
        Err(error) => Err(told::<FolderError>(error)),
    }
}

/// A model by name and the beginning of its file's hash.
pub(crate) fn name_of(manifest: &Manifest) -> String {
    let hash: String = manifest.blake3.iter().flat_map(|hash| hash.chars().take(12)).collect();
    format!("{}@{hash}", manifest.name)
}

/// An error with what caused it, as one sentence.
pub(crate) fn told<E: std::error::Error>(error: E) -> String {
    worker::chain(&error)
}
