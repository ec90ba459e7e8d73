namespace IngressController.Kubernetes.Serialization;

/// <summary>A part of a stream between two document markers.</summary>
/// <param name="Text">The text, with the marker before it.</param>
/// <param name="FirstLine">The line at which it starts, from 1.</param>
/// <param name="Start">The index in the stream at which it starts.</param>
internal readonly record struct DocumentPart(string Text, int FirstLine, int Start = 0)
{
    /// <summary>True if the part starts with a brace, as JSON does.</summary>
    public bool IsJson => Body.TrimStart() is ['{', ..];

    private ReadOnlySpan<char> Body => IsMarker(Text, '-') ? Text.AsSpan(3) : Text;

    /// <summary>
    /// Splits a stream at its markers: lines that start with <c>---</c> or <c>...</c>. Neither can be inside a document, as the lines of a
    /// block scalar are indented. Parts without content are ignored.
    /// </summary>
    public static List<DocumentPart> Split(string text)
    {
        var parts = new List<DocumentPart>();
        var (start, startLine, hasContent, hasDirective) = (0, 1, false, false);
        var line = 0;
        for (var (at, end) = (0, 0); at < text.Length; at = end)
        {
            end = EndOfLine(text, at);
            line++;
            var current = text.AsSpan(at, end - at);
            var isStart = IsMarker(current, '-');
            if (isStart || IsMarker(current, '.'))
            {
                if (hasContent)
                    parts.Add(new DocumentPart(text[start..at], startLine, start));
                // Directives belong to the document after them.
                if (hasContent || !hasDirective || !isStart)
                    (start, startLine) = isStart ? (at, line) : (end, line + 1);
                (hasContent, hasDirective) = (isStart && IsContent(current[3..]), false);
            }
            else if (current is ['%', ..] && !hasContent)
            {
                hasDirective = true;
            }
            else
            {
                hasContent |= IsContent(current);
            }
        }

        if (hasContent)
            parts.Add(new DocumentPart(text[start..], startLine, start));
        return parts;
    }

    /// <summary>Returns the index after a line and its line break.</summary>
    public static int EndOfLine(string text, int start)
    {
        var end = text.AsSpan(start).IndexOfAny('\n', '\r');
        if (end < 0)
            return text.Length;
        end += start;
        return text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? end + 2 : end + 1;
    }

    private static bool IsContent(ReadOnlySpan<char> line) => line.Trim() is not ([] or ['#', ..]);

    private static bool IsMarker(ReadOnlySpan<char> line, char sign) =>
        line.Length >= 3 && line[0] == sign && line[1] == sign && line[2] == sign && (line.Length == 3 || char.IsWhiteSpace(line[3]));
}
