//! The node classes that this server has, and what they do.

mod describe;
mod film;
mod latents;
mod masks;
mod pictures;
mod sampler;
mod saving;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use describe::FILES;
use image::{GrayImage, RgbImage};
use serde_json::Value;

use crate::exception::Exception;
use crate::house::House;
use crate::schedule::Fault;
use crate::sockets::Picture;

/// What an output of a node gives.
#[derive(Debug, Clone)]
pub(crate) enum Output {
    Images(Arc<Vec<RgbImage>>),
    Masks(Arc<Vec<GrayImage>>),
    Latent(Arc<Latent>),
    Conditioning(String),
    /// A model, by its file's name.
    Model(String),
    Clip,
    Vae,
    /// A vision model.
    Vision,
    /// What a vision model sees in a picture: words that stand for its pixels.
    Seen(String),
    Film(Arc<Film>),
    /// A number, text, truth value; what a sampler is to be, and its steps.
    Plain(Value),
    /// Nothing gets through, for this reason.
    Blocked(String),
}

/// A stand-in for a latent: the pictures that decoding it will give.
#[derive(Debug, Clone)]
pub(crate) struct Latent {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) count: u32,
    pub(crate) pictures: Option<Vec<RgbImage>>,
    /// Where it may be drawn anew: white is.
    pub(crate) mask: Option<GrayImage>,
    /// Whether its pictures are the frames of one film, and not several pictures.
    pub(crate) film: bool,
}

/// Frames that are to be a film.
#[derive(Debug)]
pub(crate) struct Film {
    pub(crate) frames: Arc<Vec<RgbImage>>,
    /// Frames per second.
    pub(crate) fps: f64,
}

/// What a node leaves.
#[derive(Debug, Clone, Default)]
pub(crate) struct Left {
    pub(crate) outputs: Vec<Output>,
    /// For the history; only of output nodes.
    pub(crate) ui: Option<Value>,
}

impl Left {
    fn images(images: Vec<RgbImage>) -> Self {
        Self { outputs: vec![Output::Images(Arc::new(images))], ui: None }
    }
}

/// Why a node stopped.
#[derive(Debug)]
pub(crate) enum Stop {
    Raised(Exception),
    Interrupted,
}

impl<T: Into<Exception>> From<T> for Stop {
    fn from(exception: T) -> Self {
        Self::Raised(exception.into())
    }
}

/// A node at work.
pub(crate) struct Call<'a> {
    pub(crate) house: &'a House,
    pub(crate) class: &'static str,
    pub(crate) prompt_id: &'a str,
    pub(crate) node: &'a str,
    /// The whole graph and the editor's workflow, for the pictures' metadata.
    pub(crate) graph: &'a Value,
    pub(crate) workflow: Option<&'a Value>,
    pub(crate) previews: bool,
    pub(crate) inputs: BTreeMap<String, Output>,
    /// What goes wrong in it.
    pub(crate) faults: &'a [Fault],
    /// Reports a step: done, of, a picture. Ends the node when it was interrupted.
    pub(crate) step: &'a dyn Fn(u32, u32, Option<Picture>) -> Result<(), Stop>,
}

impl Call<'_> {
    /// An input that validation has let pass though it is not what the node takes.
    fn not_a(&self, name: &str, wanted: &str) -> Stop {
        match self.inputs.get(name) {
            None => {
                Exception::new("TypeError", format!("{}.execute() missing 1 required positional argument: '{name}'\n", self.class)).into()
            }
            Some(Output::Plain(Value::String(_))) => {
                Exception::new("AttributeError", format!("'str' object has no attribute '{wanted}'\n")).into()
            }
            Some(_) => Exception::new("AttributeError", format!("input '{name}' has no attribute '{wanted}'\n")).into(),
        }
    }

    fn images(&self, name: &str) -> Result<Arc<Vec<RgbImage>>, Stop> {
        match self.inputs.get(name) {
            Some(Output::Images(images)) => Ok(Arc::clone(images)),
            _ => Err(self.not_a(name, "movedim")),
        }
    }

    fn masks(&self, name: &str) -> Result<Arc<Vec<GrayImage>>, Stop> {
        match self.inputs.get(name) {
            Some(Output::Masks(masks)) => Ok(Arc::clone(masks)),
            _ => Err(self.not_a(name, "reshape")),
        }
    }

    fn latent(&self, name: &str) -> Result<Arc<Latent>, Stop> {
        match self.inputs.get(name) {
            Some(Output::Latent(latent)) => Ok(Arc::clone(latent)),
            _ => Err(self.not_a(name, "copy")),
        }
    }

    fn conditioning(&self, name: &str) -> Result<String, Stop> {
        match self.inputs.get(name) {
            Some(Output::Conditioning(text)) => Ok(text.clone()),
            _ => Err(self.not_a(name, "append")),
        }
    }

    fn model(&self, name: &str) -> Result<String, Stop> {
        match self.inputs.get(name) {
            Some(Output::Model(file)) => Ok(file.clone()),
            _ => Err(self.not_a(name, "get_model_object")),
        }
    }

    fn plain(&self, name: &str) -> Result<&Value, Stop> {
        match self.inputs.get(name) {
            Some(Output::Plain(value)) => Ok(value),
            _ => Err(self.not_a(name, "value")),
        }
    }

    fn text(&self, name: &str) -> Result<&str, Stop> {
        self.plain(name)?.as_str().ok_or_else(|| self.not_a(name, "value"))
    }

    fn whole(&self, name: &str) -> Result<u32, Stop> {
        let value = self.plain(name)?;
        value.as_u64().and_then(|value| u32::try_from(value).ok()).ok_or_else(|| self.not_a(name, "value"))
    }

    fn seed(&self, name: &str) -> Result<u64, Stop> {
        self.plain(name)?.as_u64().ok_or_else(|| self.not_a(name, "value"))
    }

    fn number(&self, name: &str) -> Result<f64, Stop> {
        self.plain(name)?.as_f64().ok_or_else(|| self.not_a(name, "value"))
    }
}

/// A node class.
pub(crate) struct Class {
    pub(crate) name: &'static str,
    /// Its entry of `/object_info`, with the lists of files as they are now.
    pub(crate) describe: fn(&House) -> Value,
    pub(crate) run: fn(&Call<'_>) -> Result<Left, Stop>,
}

/// All classes.
pub(crate) const CLASSES: &[Class] = &[
    Class { name: "EmptyImage", describe: describe::empty_image, run: pictures::empty_image },
    Class { name: "LoadImage", describe: describe::load_image, run: pictures::load_image },
    Class { name: "ImageScale", describe: describe::image_scale, run: pictures::image_scale },
    Class { name: "ImageScaleBy", describe: describe::image_scale_by, run: pictures::image_scale_by },
    Class { name: "ImageInvert", describe: describe::image_invert, run: pictures::image_invert },
    Class { name: "ImageBlur", describe: describe::image_blur, run: pictures::image_blur },
    Class { name: "ImageCrop", describe: describe::image_crop, run: pictures::image_crop },
    Class { name: "ImageCompositeMasked", describe: describe::image_composite_masked, run: pictures::image_composite_masked },
    Class { name: "BatchImagesNode", describe: describe::batch_images, run: pictures::batch_images },
    Class { name: "RepeatImageBatch", describe: describe::repeat_image_batch, run: pictures::repeat_image_batch },
    Class { name: "ImageFromBatch", describe: describe::image_from_batch, run: pictures::image_from_batch },
    Class { name: "SolidMask", describe: describe::solid_mask, run: masks::solid_mask },
    Class { name: "LoadImageMask", describe: describe::load_image_mask, run: masks::load_image_mask },
    Class { name: "InvertMask", describe: describe::invert_mask, run: masks::invert_mask },
    Class { name: "MaskToImage", describe: describe::mask_to_image, run: masks::mask_to_image },
    Class { name: "ImageToMask", describe: describe::image_to_mask, run: masks::image_to_mask },
    Class { name: "SaveImage", describe: describe::save_image, run: saving::save_image },
    Class { name: "SaveImageAdvanced", describe: describe::save_image_advanced, run: saving::save_image_advanced },
    Class { name: "PreviewImage", describe: describe::preview_image, run: saving::preview_image },
    Class { name: "SaveImageWebsocket", describe: describe::save_image_websocket, run: saving::save_image_websocket },
    Class { name: "CheckpointLoaderSimple", describe: describe::checkpoint_loader, run: latents::checkpoint_loader },
    Class { name: "LoraLoader", describe: describe::lora_loader, run: latents::lora_loader },
    Class { name: "CLIPTextEncode", describe: describe::clip_text_encode, run: latents::clip_text_encode },
    Class { name: "CLIPVisionLoader", describe: describe::clip_vision_loader, run: latents::clip_vision_loader },
    Class { name: "CLIPVisionEncode", describe: describe::clip_vision_encode, run: latents::clip_vision_encode },
    Class { name: "unCLIPConditioning", describe: describe::unclip_conditioning, run: latents::unclip_conditioning },
    Class { name: "EmptyLatentImage", describe: describe::empty_latent_image, run: latents::empty_latent_image },
    Class { name: "VAEEncode", describe: describe::vae_encode, run: latents::vae_encode },
    Class { name: "VAEDecode", describe: describe::vae_decode, run: latents::vae_decode },
    Class { name: "SetLatentNoiseMask", describe: describe::set_latent_noise_mask, run: latents::set_latent_noise_mask },
    Class { name: "DifferentialDiffusion", describe: describe::differential_diffusion, run: latents::differential_diffusion },
    // What is decoded in tiles looks the same here.
    Class { name: "VAEDecodeTiled", describe: describe::vae_decode_tiled, run: latents::vae_decode },
    Class { name: "KSampler", describe: describe::k_sampler, run: sampler::k_sampler },
    Class { name: "KSamplerAdvanced", describe: describe::k_sampler_advanced, run: sampler::k_sampler_advanced },
    Class { name: "UNETLoader", describe: describe::unet_loader, run: film::unet_loader },
    Class { name: "CLIPLoader", describe: describe::clip_loader, run: film::clip_loader },
    Class { name: "VAELoader", describe: describe::vae_loader, run: film::vae_loader },
    Class { name: "LoraLoaderModelOnly", describe: describe::lora_loader_model_only, run: film::lora_loader_model_only },
    Class { name: "ModelSamplingSD3", describe: describe::model_sampling_sd3, run: film::model_sampling },
    Class { name: "WanImageToVideo", describe: describe::wan_image_to_video, run: film::wan_between },
    Class { name: "WanFirstLastFrameToVideo", describe: describe::wan_first_last_frame_to_video, run: film::wan_between },
    Class { name: "Wan22ImageToVideoLatent", describe: describe::wan22_image_to_video_latent, run: film::empty_film },
    Class { name: "EmptyLTXVLatentVideo", describe: describe::empty_ltxv_latent_video, run: film::empty_film },
    Class { name: "LTXVConditioning", describe: describe::ltxv_conditioning, run: film::ltxv_conditioning },
    Class { name: "LTXVPreprocess", describe: describe::ltxv_preprocess, run: film::ltxv_preprocess },
    Class { name: "LTXVImgToVideoInplace", describe: describe::ltxv_img_to_video_inplace, run: film::ltxv_img_to_video },
    Class { name: "LTXVScheduler", describe: describe::ltxv_scheduler, run: sampler::ltxv_scheduler },
    Class { name: "KSamplerSelect", describe: describe::k_sampler_select, run: sampler::k_sampler_select },
    Class { name: "SamplerCustom", describe: describe::sampler_custom, run: sampler::sampler_custom },
    Class { name: "CreateVideo", describe: describe::create_video, run: film::create_video },
    Class { name: "SaveVideo", describe: describe::save_video, run: film::save_video },
    Class { name: "StandInSampler", describe: describe::stand_in_sampler, run: sampler::stand_in_sampler },
];

/// Whether nodes of a class read a picture by its name: it is looked for in its folder, and not in the list of files.
pub(crate) fn reads_a_file(class: &str) -> bool {
    matches!(class, "LoadImage" | "LoadImageMask")
}

/// A class by name.
pub(crate) fn class(name: &str) -> Option<&'static Class> {
    CLASSES.iter().find(|class| class.name == name)
}
