//! ONNX files written by hand: small networks of the real input and output shapes, with weights from a seed.

/// A protobuf message that is being written.
#[derive(Default)]
pub(crate) struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 128 {
            self.0.push(value as u8 | 128);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn number(mut self, field: u64, value: u64) -> Self {
        self.varint(field << 3);
        self.varint(value);
        self
    }

    pub(crate) fn bytes(mut self, field: u64, value: &[u8]) -> Self {
        self.varint(field << 3 | 2);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }

    pub(crate) fn message(self, field: u64, value: &Self) -> Self {
        self.bytes(field, &value.0)
    }
}

pub(crate) fn node(operation: &str, inputs: &[&str], output: &str, attributes: &[(&str, &[u64])]) -> Message {
    let mut node = inputs.iter().fold(Message::default(), |node, input| node.bytes(1, input.as_bytes()));
    node = node.bytes(2, output.as_bytes()).bytes(4, operation.as_bytes());
    attributes.iter().fold(node, |node, (name, values)| {
        let numbers = values.iter().fold(Message::default().bytes(1, name.as_bytes()), |attribute, value| attribute.number(8, *value));
        // 7: a list of whole numbers.
        node.message(5, &numbers.number(20, 7))
    })
}

pub(crate) fn weights(name: &str, shape: &[u64], seed: &mut u64) -> Message {
    let count: u64 = shape.iter().product();
    let raw: Vec<u8> = (0..count)
        .flat_map(|_| {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (((*seed >> 40) as f32 / (1u64 << 24) as f32 - 0.5) * 0.4).to_le_bytes()
        })
        .collect();
    let dimensions = shape.iter().fold(Message::default(), |tensor, side| tensor.number(1, *side));
    // 1: numbers of 32 bits.
    dimensions.number(2, 1).bytes(8, name.as_bytes()).bytes(9, &raw)
}

pub(crate) fn numbers(name: &str, shape: &[u64], values: &[f32]) -> Message {
    let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let dimensions = shape.iter().fold(Message::default(), |tensor, side| tensor.number(1, *side));
    dimensions.number(2, 1).bytes(8, name.as_bytes()).bytes(9, &raw)
}

pub(crate) fn whole_numbers(name: &str, values: &[i64]) -> Message {
    let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    // 7: whole numbers of 64 bits.
    Message::default().number(1, values.len() as u64).number(2, 7).bytes(8, name.as_bytes()).bytes(9, &raw)
}

pub(crate) fn value(name: &str, shape: &[u64]) -> Message {
    let sides = shape.iter().fold(Message::default(), |sides, side| sides.message(1, &Message::default().number(1, *side)));
    let tensor = Message::default().number(1, 1).message(2, &sides);
    Message::default().bytes(1, name.as_bytes()).message(2, &Message::default().message(1, &tensor))
}

/// An embedder that takes 1 x 3 x `side` x `side` and gives `width` numbers: patches, a rectifier, their mean, a layer.
pub(crate) fn embedder(side: u64, patch: u64, width: u64, mut seed: u64) -> Vec<u8> {
    let channels = 16;
    let graph = Message::default()
        .message(1, &node("Conv", &["picture", "patches"], "a", &[("kernel_shape", &[patch, patch]), ("strides", &[patch, patch])]))
        .message(1, &node("Relu", &["a"], "b", &[]))
        .message(1, &node("GlobalAveragePool", &["b"], "c", &[]))
        .message(1, &node("Flatten", &["c"], "d", &[]))
        .message(1, &node("MatMul", &["d", "last"], "feature", &[]))
        .bytes(2, b"embedder")
        .message(5, &weights("patches", &[channels, 3, patch, patch], &mut seed))
        .message(5, &weights("last", &[channels, width], &mut seed))
        .message(11, &value("picture", &[1, 3, side, side]))
        .message(12, &value("feature", &[1, width]));
    file(&graph)
}

/// A finder in YOLO's form that takes 1 x 3 x 32 x 32 and always sees these boxes: middle, size (in pixels of the input)
/// and probability.
pub(crate) fn finder(boxes: &[[f32; 5]]) -> Vec<u8> {
    let count = boxes.len();
    let columns: Vec<f32> = (0..5).flat_map(|row| boxes.iter().map(move |found| found[row])).collect();
    let channels = columns.len() as u64;
    let graph = Message::default()
        .message(1, &node("Conv", &["picture", "nothing", "columns"], "a", &[("kernel_shape", &[32, 32])]))
        .message(1, &node("Reshape", &["a", "shape"], "boxes", &[]))
        .bytes(2, b"finder")
        .message(5, &numbers("nothing", &[channels, 3, 32, 32], &vec![0.0; channels as usize * 3 * 32 * 32]))
        .message(5, &numbers("columns", &[channels], &columns))
        .message(5, &whole_numbers("shape", &[1, 5, count as i64]))
        .message(11, &value("picture", &[1, 3, 32, 32]))
        .message(12, &value("boxes", &[1, 5, count as u64]));
    file(&graph)
}

pub(crate) fn file(graph: &Message) -> Vec<u8> {
    let opset = Message::default().bytes(1, b"").number(2, 17);
    Message::default().number(1, 8).message(7, graph).message(8, &opset).0
}
