// SPDX-License-Identifier: Apache-2.0
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A worker in Java: a linear regression whose intercept and coefficients lie in model.json. It keeps
 * docs/formats/worker-protocol.md and needs no library. Replace {@link Linear} with your own model.
 */
public final class Worker {
    /** The model. */
    static final class Linear {
        private final double intercept;
        private final double[] coefficients;

        Linear(Path folder) throws IOException {
            Map<?, ?> model = (Map<?, ?>) Json.parse(Files.readString(folder.resolve("model.json")));
            intercept = ((Number) model.get("intercept")).doubleValue();
            coefficients = ((List<?>) model.get("coefficients")).stream().mapToDouble(one -> ((Number) one).doubleValue())
                    .toArray();
        }

        int width() {
            return coefficients.length;
        }

        double estimate(double[] row) {
            double sum = intercept;
            for (int column = 0; column < row.length; column++) {
                if (Double.isNaN(row[column])) throw new IllegalArgumentException("a value is missing");
                sum += coefficients[column] * row[column];
            }
            return sum;
        }
    }

    /** The other side broke a rule of frames: there is no way to find the next one. */
    static final class FrameBroken extends Exception {
        FrameBroken(String what) {
            super(what);
        }
    }

    private static final int LONGEST_FRAME = 1 << 30;

    private final DataInputStream in = new DataInputStream(new FileInputStream(FileDescriptor.in));
    private final OutputStream out = new FileOutputStream(FileDescriptor.out);
    private Linear model;
    private Map<?, ?> descriptor;

    public static void main(String[] arguments) throws IOException {
        Worker worker = new Worker();
        // What is printed goes to the log, and never between frames.
        System.setOut(System.err);
        try {
            while (worker.answer()) {}
            System.exit(0);
        } catch (EOFException serverIsGone) {
            System.exit(0);
        } catch (FrameBroken broken) {
            System.err.println("Worker.java: the server sent " + broken.getMessage());
            System.exit(1);
        }
    }

    /** Answers one message; false when it was the last. */
    private boolean answer() throws IOException, FrameBroken {
        ByteBuffer head = ByteBuffer.wrap(read(8)).order(ByteOrder.LITTLE_ENDIAN);
        long length = Integer.toUnsignedLong(head.getInt());
        long headerLength = Integer.toUnsignedLong(head.getInt());
        if (length > LONGEST_FRAME || headerLength + 4 > length) throw new FrameBroken("a length that cannot be");
        Map<?, ?> message = header(read((int) headerLength));
        byte[] data = read((int) (length - 4 - headerLength));
        switch ((String) message.get("kind")) {
            case "hello" -> hello(message);
            case "load" -> {
                return load(message);
            }
            case "describe" -> send(withSpecs("description"), new byte[0]);
            case "predict" -> predict(message, data);
            case "ping" -> send(Map.of("kind", "pong"), new byte[0]);
            // Java's threads cannot be stopped: what runs goes on, and the server ends it when its time is up.
            case "cancel" -> {}
            case "shut_down" -> {
                return false;
            }
            default -> sendError("protocol", "this worker knows no message “" + message.get("kind") + "”", null);
        }
        return true;
    }

    private byte[] read(int count) throws IOException {
        // Grows as bytes arrive: a length that lies costs no memory.
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) throw new EOFException();
        return bytes;
    }

    private static Map<?, ?> header(byte[] bytes) throws FrameBroken {
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
            if (Json.parse(text) instanceof Map<?, ?> message && message.get("kind") instanceof String) return message;
        } catch (CharacterCodingException | IllegalArgumentException | StackOverflowError broken) {
            throw new FrameBroken("a header that is no JSON: " + broken.getMessage());
        }
        throw new FrameBroken("a header that is no object with a kind");
    }

    private void hello(Map<?, ?> message) throws IOException {
        if (!(message.get("protocol") instanceof Long number) || number != 1) {
            sendError("protocol", "this worker speaks protocol 1", null);
            return;
        }
        send(Map.of("kind", "hello", "protocol", 1, "worker", "example-java 1.0", "language", "java",
                "runtime", System.getProperty("java.version")), new byte[0]);
    }

    private boolean load(Map<?, ?> message) throws IOException {
        try {
            Path folder = Path.of((String) message.get("folder"));
            descriptor = (Map<?, ?>) Json.parse(Files.readString(folder.resolve((String) message.get("descriptor"))));
            model = new Linear(folder);
            send(withSpecs("loaded"), new byte[0]);
            return true;
        } catch (IOException | RuntimeException failure) {
            sendError("load_failed", failure.toString(), null);
            System.exit(1);
            return false;
        }
    }

    private Map<String, Object> withSpecs(String kind) {
        Map<String, Object> message = new LinkedHashMap<>(Map.of("kind", kind));
        message.put("inputs", descriptor.get("inputs"));
        message.put("outputs", descriptor.get("outputs"));
        return message;
    }

    private void predict(Map<?, ?> message, byte[] data) throws IOException {
        Object id = message.get("id");
        List<?> inputs = (List<?>) message.get("inputs");
        Map<?, ?> tensor = inputs.size() == 1 ? (Map<?, ?>) inputs.get(0) : Map.of();
        long width = model.width();
        if (!"values".equals(tensor.get("name")) || !"FP64".equals(tensor.get("datatype"))
                || !(tensor.get("shape") instanceof List<?> shape) || shape.size() != 2 || !shape.get(1).equals(width)) {
            sendError("invalid", "exactly the input “values” is needed, FP64 [rows, " + width + "]", id);
            return;
        }
        int rows = (int) (data.length / (8 * width));
        if (!shape.get(0).equals((long) rows) || data.length != 8 * width * rows) {
            sendError("protocol", "the bytes are not those of the tensor", id);
            return;
        }
        ByteBuffer values = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer answers = ByteBuffer.allocate(8 * rows).order(ByteOrder.LITTLE_ENDIAN);
        try {
            double[] row = new double[model.width()];
            for (int index = 0; index < rows; index++) {
                values.asDoubleBuffer().get(row);
                values.position(values.position() + 8 * row.length);
                answers.putDouble(model.estimate(row));
            }
        } catch (RuntimeException raised) {
            sendError("failed", raised.toString(), id);
            return;
        }
        Object output = Map.of("name", "estimate", "datatype", "FP64", "shape", List.of(rows),
                "parameters", Map.of("binary_data_size", answers.capacity()));
        send(Map.of("kind", "result", "id", id, "outputs", List.of(output)), answers.array());
    }

    private void sendError(String code, String message, Object id) throws IOException {
        String line = message.replaceAll("\\s+", " ");
        Map<String, Object> error = new LinkedHashMap<>(Map.of("kind", "error", "code", code));
        error.put("message", line.substring(0, Math.min(line.length(), 1000)));
        if (id != null) error.put("id", id);
        send(error, new byte[0]);
    }

    private void send(Map<String, ?> message, byte[] data) throws IOException {
        byte[] header = Json.write(message).getBytes(StandardCharsets.UTF_8);
        ByteBuffer frame = ByteBuffer.allocate(8 + header.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
        frame.putInt(4 + header.length + data.length).putInt(header.length).put(header).put(data);
        out.write(frame.array());
    }
}
