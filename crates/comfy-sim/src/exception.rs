//! Exceptions, as Python would name them.

use crate::schedule::Memory;

/// What a node raises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exception {
    pub(crate) kind: String,
    pub(crate) message: String,
}

impl Exception {
    pub(crate) fn new(kind: &str, message: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), message: message.into() }
    }

    /// The sentences that servers of the versions recorded give.
    pub(crate) fn out_of(memory: Memory) -> Self {
        match memory {
            Memory::Gpu => Self::new(
                "torch.OutOfMemoryError",
                "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 23.64 GiB of which 1.20 GiB is free.\nThis error means you ran out of memory on your GPU.\n\nTIPS: If the workflow worked before you might have accidentally set the batch_size to a large number.",
            ),
            Memory::Host => Self::new(
                "RuntimeError",
                "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 4398046511104 bytes. Error code 12 (Cannot allocate memory)\n",
            ),
        }
    }

    pub(crate) fn disk_full() -> Self {
        Self::new("OSError", "[Errno 28] No space left on device\n")
    }
}

impl From<std::io::Error> for Exception {
    fn from(error: std::io::Error) -> Self {
        Self::new("OSError", format!("{error}\n"))
    }
}

impl From<image::ImageError> for Exception {
    fn from(error: image::ImageError) -> Self {
        Self::new("PIL.UnidentifiedImageError", format!("{error}\n"))
    }
}
