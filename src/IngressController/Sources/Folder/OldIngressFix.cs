using System.Globalization;
using System.Text;
using IngressController.Kubernetes.Serialization;

namespace IngressController.Sources.Folder;

/// <summary>
/// Rewrites Ingresses of extensions/v1beta1 and networking.k8s.io/v1beta1 as networking.k8s.io/v1. Only the old fields are edited; comments
/// and the form of the rest stay.
/// </summary>
internal sealed class OldIngressFix
{
    public const string NewVersion = "networking.k8s.io/v1";

    private readonly string _text;
    private readonly string _lineBreak;
    private readonly List<(int Start, int End, string New)> _edits = [];

    private OldIngressFix(string text)
    {
        _text = text;
        _lineBreak = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
    }

    /// <summary>Returns the new text, and the number of Ingresses that were rewritten in it.</summary>
    public static (string Text, int Count) Apply(string text)
    {
        var count = 0;
        var result = new OldIngressFix(text);
        foreach (var root in YamlSpan.ReadAll(text).SelectMany(ObjectsOf).Where(IsOld))
        {
            var edits = result._edits.Count;
            if (result.Fix(root))
                count++;
            else
                result._edits.RemoveRange(edits, result._edits.Count - edits);
        }

        return (result.Edited(), count);
    }

    private static IEnumerable<YamlSpan> ObjectsOf(YamlSpan root) =>
        root["kind"]?.Scalar?.EndsWith("List", StringComparison.Ordinal) == true && root["items"] is { } items ? items.Items.SelectMany(ObjectsOf) : [root];

    private static bool IsOld(YamlSpan root) =>
        root["kind"]?.Scalar == "Ingress" && root["apiVersion"]?.Scalar is "extensions/v1beta1" or "networking.k8s.io/v1beta1";

    private bool Fix(YamlSpan root)
    {
        Replace(root["apiVersion"]!, NewVersion);
        if (root["spec"] is not { } spec)
            return true;
        foreach (var (key, value) in spec.Members.Where(member => member.Key.Scalar == "backend"))
        {
            Replace(key, "defaultBackend");
            if (!FixBackend(value))
                return false;
        }

        var paths = (spec["rules"]?.Items ?? []).SelectMany(rule => rule["http"]?["paths"]?.Items ?? []);
        return paths.All(path =>
        {
            if (path["pathType"] is null && path.Members.Count > 0)
                AddPathType(path);
            return path["backend"] is not { } backend || FixBackend(backend);
        });
    }

    private void AddPathType(YamlSpan path)
    {
        var before = path.Members.FirstOrDefault(member => member.Key.Scalar == "path");
        var (first, _) = path.Members[0];
        var quote = QuoteOf(first);
        var member = $"{quote}pathType{quote}: {quote}{OldIngress.DefaultPathType}{quote}";
        if (path.IsFlow && before.Value is { } flow)
            Insert(flow.End, $", {member}");
        else if (path.IsFlow)
            Insert(first.Start, $"{member}, ");
        else if (before.Value is { } block)
            Insert(EndOfLine(block.End), $"{_lineBreak}{Spaces(first.Column)}{member}");
        else
            Insert(first.Start, $"{member}{_lineBreak}{Spaces(first.Column)}");
    }

    /// <summary>Returns false if the backend cannot be rewritten, because it is an alias or lacks a field.</summary>
    private bool FixBackend(YamlSpan backend)
    {
        var name = backend.Members.FirstOrDefault(member => member.Key.Scalar == "serviceName");
        var port = backend.Members.FirstOrDefault(member => member.Key.Scalar == "servicePort");
        if (name.Key is null && port.Key is null)
            return backend.Members.Count > 0;
        if (name.Value?.Scalar is not { Length: > 0 } || port.Value?.Scalar is not { Length: > 0 } portText)
            return false;

        var quote = QuoteOf(name.Key!);
        var nameText = _text[name.Value.Start..name.Value.End];
        var isNumber = int.TryParse(portText, NumberStyles.None, CultureInfo.InvariantCulture, out _);
        var portField = isNumber ? $"{quote}number{quote}: {portText}" : $"{quote}name{quote}: {_text[port.Value.Start..port.Value.End]}";
        if (backend.IsFlow)
        {
            Replace(name.Key!.Start, name.Value.End, $"{quote}service{quote}: {{{quote}name{quote}: {nameText}, {quote}port{quote}: {{{portField}}}}}");
            RemoveFromFlow(port.Key!, port.Value);
            return true;
        }

        var indent = _lineBreak + Spaces(name.Key!.Column);
        Replace(name.Key.Start, name.Value.End, $"service:{indent}  name: {nameText}");
        if (port.Key!.Start > name.Key.Start && IsNextLine(name.Value.End, port.Key.Start))
            Replace(port.Key.Start, port.Value.End, $"  port:{indent}    {portField}");
        else if (IsAloneInLine(port.Key, port.Value))
            MoveTo(EndOfLine(name.Value.End), $"{indent}  port:{indent}    {portField}", port.Key, port.Value);
        else
            return false;
        return true;
    }

    /// <summary>True if a key begins the line after an index; comments stay at the ends of their lines.</summary>
    private bool IsNextLine(int end, int start) => _text[end..start].Count(c => c == '\n') == 1 && _text[StartOfLine(start)..start].Trim().Length == 0;

    private bool IsAloneInLine(YamlSpan key, YamlSpan value) =>
        _text[StartOfLine(key.Start)..key.Start].Trim().Length == 0 && _text[value.End..EndOfLine(value.End)].Trim() is "" or ['#', ..];

    /// <summary>Removes the line of a member, and inserts its new text elsewhere.</summary>
    private void MoveTo(int index, string text, YamlSpan key, YamlSpan value)
    {
        Insert(index, text);
        var end = EndOfLine(value.End);
        Replace(StartOfLine(key.Start), end < _text.Length ? DocumentLineEnd(end) : end, "");
    }

    private void RemoveFromFlow(YamlSpan key, YamlSpan value)
    {
        var (start, end) = (key.Start, value.End);
        var after = end;
        while (after < _text.Length && char.IsWhiteSpace(_text[after]))
            after++;
        if (after < _text.Length && _text[after] == ',')
        {
            end = after + 1;
            while (end < _text.Length && _text[end] == ' ')
                end++;
        }
        else
        {
            while (start > 0 && char.IsWhiteSpace(_text[start - 1]))
                start--;
            if (start > 0 && _text[start - 1] == ',')
                start--;
        }

        Replace(start, end, "");
    }

    /// <summary>Replaces a scalar and keeps its quotes.</summary>
    private void Replace(YamlSpan scalar, string text)
    {
        var quote = QuoteOf(scalar);
        Replace(scalar.Start, scalar.End, $"{quote}{text}{quote}");
    }

    private void Replace(int start, int end, string text) => _edits.Add((start, end, text));

    private void Insert(int index, string text) => Replace(index, index, text);

    private string QuoteOf(YamlSpan scalar) => _text[scalar.Start] is '"' or '\'' ? _text[scalar.Start].ToString() : "";

    private static string Spaces(int count) => new(' ', count);

    private int StartOfLine(int index) => _text.LastIndexOf('\n', Math.Max(index - 1, 0)) + 1;

    private int EndOfLine(int index)
    {
        var end = _text.AsSpan(index).IndexOfAny('\r', '\n');
        return end < 0 ? _text.Length : index + end;
    }

    private int DocumentLineEnd(int end) => _text[end] == '\r' && end + 1 < _text.Length && _text[end + 1] == '\n' ? end + 2 : end + 1;

    private string Edited()
    {
        var result = new StringBuilder();
        var at = 0;
        foreach (var (start, end, text) in _edits.OrderBy(edit => edit.Start).ThenBy(edit => edit.End))
        {
            result.Append(_text, at, start - at).Append(text);
            at = end;
        }

        return result.Append(_text, at, _text.Length - at).ToString();
    }
}
