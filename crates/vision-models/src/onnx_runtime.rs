//! Networks in ONNX Runtime, when its shared library is found.

use std::path::PathBuf;
use std::sync::OnceLock;

use ort::environment::Environment;
use ort::session::Session;
use ort::value::TensorRef;

use crate::network::{Backend, Network, NetworkError, Tensor};

/// The variable that names the library.
const LIBRARY: &str = "ORT_DYLIB_PATH";
/// Where it is looked for otherwise.
const PLACES: [&str; 4] = [
    "/usr/lib/x86_64-linux-gnu/libonnxruntime.so",
    "/usr/lib/aarch64-linux-gnu/libonnxruntime.so",
    "/usr/local/lib/libonnxruntime.so",
    "/usr/lib/libonnxruntime.so",
];

/// A network in ONNX Runtime.
pub(crate) struct OnnxRuntime {
    session: Session,
}

/// The environment of this process; none when there is no library, the reason when it does not load.
fn environment() -> Option<Result<&'static Environment, String>> {
    static ENVIRONMENT: OnceLock<Option<Result<Environment, String>>> = OnceLock::new();
    let found = ENVIRONMENT.get_or_init(|| {
        let named = std::env::var_os(LIBRARY).map(PathBuf::from);
        let path = named.or_else(|| PLACES.iter().map(PathBuf::from).find(|place| place.is_file()))?;
        let built =
            ort::init_from(&path).map_err(|error| error.to_string()).and_then(|builder| builder.build().map_err(|error| error.to_string()));
        Some(built.map_err(|error| format!("{}: {error}", path.display())))
    });
    found.as_ref().map(|found| found.as_ref().map_err(Clone::clone))
}

impl OnnxRuntime {
    /// None without a library.
    pub(crate) fn load(bytes: &[u8]) -> Option<Result<Self, NetworkError>> {
        let failed = |reason: String| NetworkError::Load { backend: Backend::OnnxRuntime.name(), reason };
        let environment = match environment()? {
            Ok(environment) => environment,
            Err(reason) => return Some(Err(failed(reason))),
        };
        let session = Session::builder(environment).and_then(|mut builder| builder.commit_from_memory(bytes));
        Some(session.map(|session| Self { session }).map_err(|error| failed(error.to_string())))
    }
}

impl Network for OnnxRuntime {
    fn run(&mut self, input: &Tensor) -> Result<Vec<Tensor>, NetworkError> {
        let mut run = || {
            let tensor = TensorRef::from_array_view((input.shape.as_slice(), input.values.as_slice()))?;
            let outputs = self.session.run(ort::inputs![tensor])?;
            outputs
                .values()
                .map(|output| {
                    let (shape, values) = output.try_extract_tensor::<f32>()?;
                    Ok(Tensor { shape: shape.iter().map(|side| usize::try_from(*side).unwrap_or(0)).collect(), values: values.to_vec() })
                })
                .collect::<ort::Result<Vec<Tensor>>>()
        };
        run().map_err(|error| NetworkError::Run { backend: Backend::OnnxRuntime.name(), reason: error.to_string() })
    }

    fn backend(&self) -> Backend {
        Backend::OnnxRuntime
    }
}
