//! Objects that were read lately. They never change, so what is in memory is always right.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bible::Digest;
use bible::version::Object;

/// Objects that are kept in memory; a document has a few thousand bytes.
const MOST: usize = 32_768;

/// Larger files are read again when they are needed.
const LARGEST_FILE: usize = 64 * 1024;

/// Objects that were read lately, shared by every history of a process.
#[derive(Debug, Clone, Default)]
pub struct ObjectCache(Arc<Mutex<HashMap<Digest, Object>>>);

impl ObjectCache {
    pub(super) fn get(&self, id: Digest) -> Option<Object> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    pub(super) fn keep(&self, objects: impl IntoIterator<Item = (Digest, Object)>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, object) in objects {
            if matches!(&object, Object::File(bytes) if bytes.len() > LARGEST_FILE) {
                continue;
            }
            // Rare enough that what is in use is simply read again.
            if kept.len() >= MOST {
                kept.clear();
            }
            kept.insert(id, object);
        }
    }
}
