// SPDX-License-Identifier: Apache-2.0
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** As much of JSON as the protocol needs: objects, lists, texts, numbers (Long or Double), true, false, null. */
final class Json {
    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    static Object parse(String text) {
        Json json = new Json(text);
        Object value = json.value();
        if (json.peek() != 0) throw json.unexpected();
        return value;
    }

    private Object value() {
        return switch (peek()) {
            case '{' -> object();
            case '[' -> list();
            case '"' -> string();
            default -> scalar();
        };
    }

    private Map<String, Object> object() {
        Map<String, Object> object = new LinkedHashMap<>();
        at++;
        if (peek() == '}') return closed(object);
        do {
            if (peek() != '"') throw unexpected();
            String key = string();
            expect(':');
            object.put(key, value());
        } while (goesOn('}'));
        return object;
    }

    private List<Object> list() {
        List<Object> list = new ArrayList<>();
        at++;
        if (peek() == ']') return closed(list);
        do list.add(value()); while (goesOn(']'));
        return list;
    }

    private <T> T closed(T value) {
        at++;
        return value;
    }

    private boolean goesOn(char end) {
        char next = peek();
        if (next != ',' && next != end) throw unexpected();
        at++;
        return next == ',';
    }

    private String string() {
        StringBuilder made = new StringBuilder();
        for (at++; at < text.length(); at++) {
            char next = text.charAt(at);
            if (next == '"') return closed(made.toString());
            if (next != '\\') {
                made.append(next);
                continue;
            }
            char escaped = at + 1 < text.length() ? text.charAt(++at) : 0;
            int known = "\"\\/bfnrt".indexOf(escaped);
            if (known >= 0) {
                made.append("\"\\/\b\f\n\r\t".charAt(known));
            } else if (escaped == 'u' && at + 4 < text.length()) {
                made.append((char) Integer.parseInt(text.substring(at + 1, at + 5), 16));
                at += 4;
            } else {
                throw unexpected();
            }
        }
        throw unexpected();
    }

    private Object scalar() {
        int start = at;
        while (at < text.length() && "{}[],:\" \t\r\n".indexOf(text.charAt(at)) < 0) at++;
        String word = text.substring(start, at);
        return switch (word) {
            case "true" -> true;
            case "false" -> false;
            case "null" -> null;
            default -> word.matches("-?\\d{1,18}") ? (Object) Long.valueOf(word) : (Object) Double.valueOf(word);
        };
    }

    private void expect(char wanted) {
        if (peek() != wanted) throw unexpected();
        at++;
    }

    /** The next character that is no white space, not taken yet; 0 at the end. */
    private char peek() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
        return at < text.length() ? text.charAt(at) : 0;
    }

    private IllegalArgumentException unexpected() {
        return new IllegalArgumentException("JSON breaks off at character " + at);
    }

    static String write(Object value) {
        if (value instanceof Map<?, ?> object) {
            List<String> members = new ArrayList<>();
            object.forEach((key, member) -> members.add(write(key) + ":" + write(member)));
            return "{" + String.join(",", members) + "}";
        }
        if (value instanceof List<?> list) {
            return "[" + String.join(",", list.stream().map(Json::write).toList()) + "]";
        }
        return value instanceof String text ? quoted(text) : String.valueOf(value);
    }

    private static String quoted(String text) {
        StringBuilder made = new StringBuilder("\"");
        for (char next : text.toCharArray()) {
            if (next == '"' || next == '\\') made.append('\\').append(next);
            else if (next < ' ') made.append(String.format("\\u%04x", (int) next));
            else made.append(next);
        }
        return made.append('"').toString();
    }
}
