//! An ONNX file of a vision transformer with random weights: 384 x 384 in patches of 16, 12 blocks of width 512 with 8 heads,
//! 768 numbers out.

use super::onnx::{Message, file, node, numbers, value, weights, whole_numbers};

const SIDE: u64 = 384;
const PATCH: u64 = 16;
const TOKENS: u64 = (SIDE / PATCH) * (SIDE / PATCH);
const WIDTH: u64 = 512;
const HEADS: u64 = 8;
const DEPTH: usize = 12;
const LENGTH: u64 = 768;

/// A graph that is being written, one node after the other.
struct Graph {
    message: Message,
    seed: u64,
    count: usize,
}

impl Graph {
    fn add(&mut self, part: u64, message: &Message) {
        self.message = std::mem::take(&mut self.message).message(part, message);
    }

    fn name(&mut self) -> String {
        self.count += 1;
        format!("v{}", self.count)
    }

    fn node(&mut self, operation: &str, inputs: &[&str], attributes: &[(&str, &[u64])]) -> String {
        let output = self.name();
        self.add(1, &node(operation, inputs, &output, attributes));
        output
    }

    fn weights(&mut self, shape: &[u64]) -> String {
        let name = self.name();
        let tensor = weights(&name, shape, &mut self.seed);
        self.add(5, &tensor);
        name
    }

    fn fixed(&mut self, shape: &[u64], number: f32) -> String {
        let name = self.name();
        let count = shape.iter().product::<u64>() as usize;
        self.add(5, &numbers(&name, shape, &vec![number; count]));
        name
    }

    fn reshaped(&mut self, from: &str, shape: &[i64]) -> String {
        let name = self.name();
        self.add(5, &whole_numbers(&name, shape));
        self.node("Reshape", &[from, &name], &[])
    }

    fn linear(&mut self, from: &str, inputs: u64, outputs: u64) -> String {
        let matrix = self.weights(&[inputs, outputs]);
        let product = self.node("MatMul", &[from, &matrix], &[]);
        let bias = self.weights(&[outputs]);
        self.node("Add", &[&product, &bias], &[])
    }

    fn norm(&mut self, from: &str) -> String {
        let (scale, shift) = (self.fixed(&[WIDTH], 1.0), self.fixed(&[WIDTH], 0.0));
        self.node("LayerNormalization", &[from, &scale, &shift], &[])
    }

    /// Query, key or value: heads x tokens x numbers, or heads x numbers x tokens.
    fn heads(&mut self, from: &str, order: &[u64]) -> String {
        let projected = self.linear(from, WIDTH, WIDTH);
        let split = self.reshaped(&projected, &[1, TOKENS as i64, HEADS as i64, (WIDTH / HEADS) as i64]);
        self.node("Transpose", &[&split], &[("perm", order)])
    }

    fn attention(&mut self, from: &str) -> String {
        let (query, key, value) = (self.heads(from, &[0, 2, 1, 3]), self.heads(from, &[0, 2, 3, 1]), self.heads(from, &[0, 2, 1, 3]));
        let products = self.node("MatMul", &[&query, &key], &[]);
        let scale = self.fixed(&[1], ((WIDTH / HEADS) as f32).powf(-0.5));
        let scaled = self.node("Mul", &[&products, &scale], &[]);
        let shares = self.node("Softmax", &[&scaled], &[]);
        let seen = self.node("MatMul", &[&shares, &value], &[]);
        let turned = self.node("Transpose", &[&seen], &[("perm", &[0, 2, 1, 3])]);
        let joined = self.reshaped(&turned, &[1, TOKENS as i64, WIDTH as i64]);
        self.linear(&joined, WIDTH, WIDTH)
    }

    /// The Gaussian error unit as exporters write it.
    fn gelu(&mut self, from: &str) -> String {
        let (root, one, half) = (self.fixed(&[1], std::f32::consts::SQRT_2), self.fixed(&[1], 1.0), self.fixed(&[1], 0.5));
        let scaled = self.node("Div", &[from, &root], &[]);
        let error = self.node("Erf", &[&scaled], &[]);
        let above = self.node("Add", &[&error, &one], &[]);
        let product = self.node("Mul", &[from, &above], &[]);
        self.node("Mul", &[&product, &half], &[])
    }

    fn block(&mut self, from: &str) -> String {
        let normed = self.norm(from);
        let seen = self.attention(&normed);
        let attended = self.node("Add", &[from, &seen], &[]);
        let normed = self.norm(&attended);
        let wide = self.linear(&normed, WIDTH, 4 * WIDTH);
        let bent = self.gelu(&wide);
        let narrow = self.linear(&bent, 4 * WIDTH, WIDTH);
        self.node("Add", &[&attended, &narrow], &[])
    }
}

/// The file.
pub(super) fn network(seed: u64) -> Vec<u8> {
    let mut graph = Graph { message: Message::default(), seed, count: 0 };
    let kernels = graph.weights(&[WIDTH, 3, PATCH, PATCH]);
    let patches = graph.node("Conv", &["picture", &kernels], &[("kernel_shape", &[PATCH, PATCH]), ("strides", &[PATCH, PATCH])]);
    let flat = graph.reshaped(&patches, &[1, WIDTH as i64, TOKENS as i64]);
    let tokens = graph.node("Transpose", &[&flat], &[("perm", &[0, 2, 1])]);
    let places = graph.weights(&[TOKENS, WIDTH]);
    let mut x = graph.node("Add", &[&tokens, &places], &[]);
    for _ in 0..DEPTH {
        x = graph.block(&x);
    }
    let normed = graph.norm(&x);
    let mean = graph.node("ReduceMean", &[&normed], &[("axes", &[1])]);
    let flat = graph.reshaped(&mean, &[1, WIDTH as i64]);
    let matrix = graph.weights(&[WIDTH, LENGTH]);
    graph.add(1, &node("MatMul", &[&flat, &matrix], "feature", &[]));
    let message = std::mem::take(&mut graph.message).bytes(2, b"transformer");
    file(&message.message(11, &value("picture", &[1, 3, SIDE, SIDE])).message(12, &value("feature", &[1, LENGTH])))
}
