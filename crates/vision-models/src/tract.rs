//! Networks in tract: built in, pure Rust, on the processor.

use std::io::Cursor;

use tract_onnx::prelude::*;

use crate::network::{Backend, Network, NetworkError, Tensor};

/// A network in tract.
pub(crate) struct Tract {
    network: Arc<TypedRunnableModel>,
}

impl Tract {
    pub(crate) fn load(bytes: &[u8], shape: &[usize]) -> Result<Self, NetworkError> {
        let network = tract_onnx::onnx()
            .model_for_read(&mut Cursor::new(bytes))
            .and_then(|model| model.with_input_fact(0, f32::fact(shape.to_vec()).into()))
            .and_then(|model| model.into_optimized())
            .and_then(|model| model.into_runnable());
        let network = network.map_err(|error| NetworkError::Load { backend: Backend::Tract.name(), reason: format!("{error:#}") })?;
        Ok(Self { network })
    }
}

impl Network for Tract {
    fn run(&mut self, input: &Tensor) -> Result<Vec<Tensor>, NetworkError> {
        let run = || {
            let tensor = tract_onnx::prelude::Tensor::from_shape(&input.shape, &input.values)?;
            let outputs = self.network.run(tvec!(TValue::from(tensor)))?;
            outputs
                .iter()
                .map(|output| {
                    let output = output.cast_to::<f32>()?;
                    let values = output.to_plain_array_view::<f32>()?.iter().copied().collect();
                    Ok(Tensor { shape: output.shape().to_vec(), values })
                })
                .collect::<tract_onnx::prelude::TractResult<Vec<Tensor>>>()
        };
        run().map_err(|error| NetworkError::Run { backend: Backend::Tract.name(), reason: format!("{error:#}") })
    }

    fn backend(&self) -> Backend {
        Backend::Tract
    }
}
