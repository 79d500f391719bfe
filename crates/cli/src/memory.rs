//! How the process takes memory from the system.

/// Frames come and go by the megabyte, from several threads. glibc begins by giving such blocks back when they are
/// freed, but raises its limit for that with every one it sees, and then keeps each thread's worst case for good:
/// half of the resident memory of a production. A fixed limit stays at what the limit is at the start (128 KiB;
/// mallopt(3), `M_MMAP_THRESHOLD`). For what is smaller it has a pool for every thread, up to eight for each core, and each
/// keeps its own worst case as well: two are enough for all (`M_ARENA_MAX`). Elsewhere this does nothing.
pub(crate) fn give_frames_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    for (setting, value) in [(libc::M_MMAP_THRESHOLD, 128 << 10), (libc::M_ARENA_MAX, 2)] {
        #[expect(unsafe_code, reason = "mallopt has no safe wrapper")]
        // SAFETY: called before any other thread is started; mallopt takes plain integers and touches nothing else.
        let _ = unsafe { libc::mallopt(setting, value) };
    }
}
