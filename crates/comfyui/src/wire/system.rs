//! `GET /system_stats`: what a server runs on.

use serde::Deserialize;

/// A server's machine and versions.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct SystemStats {
    /// The machine.
    pub system: System,
    /// What it draws with, the first being the one in use.
    #[serde(default)]
    pub devices: Vec<Device>,
}

/// The machine and the versions on it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct System {
    /// `linux`, `nt`, `darwin`.
    #[serde(default)]
    pub os: String,
    /// Memory in bytes.
    #[serde(default)]
    pub ram_total: u64,
    /// Free memory in bytes.
    #[serde(default)]
    pub ram_free: u64,
    /// `0.33.0`.
    #[serde(default)]
    pub comfyui_version: String,
    /// `3.12.1 …`.
    #[serde(default)]
    pub python_version: String,
    /// `2.9.1+cu128`.
    #[serde(default)]
    pub pytorch_version: String,
    /// The server's command line: `--lowvram`, `--cache-lru`…
    #[serde(default)]
    pub argv: Vec<String>,
}

/// A device.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Device {
    /// `cuda:0 NVIDIA GeForce RTX 4090 : native`, `cpu`.
    #[serde(default)]
    pub name: String,
    /// `cuda`, `cpu`, `mps`…
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Its memory in bytes; the machine's for a CPU.
    #[serde(default)]
    pub vram_total: u64,
    /// Its free memory in bytes.
    #[serde(default)]
    pub vram_free: u64,
}
