using System.Globalization;
using System.Text;
using static IngressController.Routing.Expressions.ExpressionNode;

namespace IngressController.Routing.Expressions;

/// <summary>
/// Writes an expression for .NET, for texts of <see cref="ByteText"/>. It uses only what .NET reads as PCRE does: classes are lists of
/// characters, letters in either case are classes, groups have their numbers.
/// </summary>
internal sealed class DotNetWriter
{
    private readonly StringBuilder _text = new();
    private bool _needsBacktracking;

    /// <summary>Writes an expression, and says whether it cannot run in linear time.</summary>
    public static (string Pattern, bool NeedsBacktracking) Write(ExpressionNode expression)
    {
        var writer = new DotNetWriter();
        writer.Append(expression);
        return (writer._text.ToString(), writer._needsBacktracking);
    }

    private void Append(ExpressionNode node)
    {
        switch (node)
        {
            case Bytes bytes:
                AppendSet(bytes.Set);
                break;
            case Sequence sequence:
                foreach (var item in sequence.Items)
                    AppendItem(item);
                break;
            case Alternation alternation:
                AppendBranches(alternation.Branches);
                break;
            case Group group:
                AppendGroup($"?<{group.Number.ToString(CultureInfo.InvariantCulture)}>", group.Body);
                break;
            case Atomic atomic:
                _needsBacktracking = true;
                AppendGroup("?>", atomic.Body);
                break;
            case Look look:
                _needsBacktracking = true;
                AppendGroup($"?{(look.IsBehind ? "<" : "")}{(look.IsNegative ? '!' : '=')}", look.Body);
                break;
            case Repeat repeat:
                AppendRepeat(repeat);
                break;
            case Anchor anchor:
                AppendAnchor(anchor.Kind);
                break;
            case BackReference reference:
                _needsBacktracking = true;
                _text.Append(CultureInfo.InvariantCulture, $"{(reference.IgnoresCase ? "(?i:" : "(?:")}\\k<{reference.Number}>)");
                break;
            case Conditional conditional:
                _needsBacktracking = true;
                _text.Append(CultureInfo.InvariantCulture, $"(?({conditional.Number})");
                AppendItem(conditional.Yes);
                _text.Append('|');
                AppendItem(conditional.No);
                _text.Append(')');
                break;
        }
    }

    /// <summary>Appends a part of a sequence: branches need parentheses there.</summary>
    private void AppendItem(ExpressionNode node)
    {
        if (node is Alternation)
            AppendGroup("?:", node);
        else
            Append(node);
    }

    private void AppendGroup(string prefix, ExpressionNode body)
    {
        _text.Append('(').Append(prefix);
        Append(body);
        _text.Append(')');
    }

    private void AppendBranches(IReadOnlyList<ExpressionNode> branches)
    {
        for (var i = 0; i < branches.Count; i++)
        {
            if (i > 0)
                _text.Append('|');
            AppendItem(branches[i]);
        }
    }

    private void AppendRepeat(Repeat repeat)
    {
        // .NET 10 makes one atomic loop of two: it reads (?>a{1,2}){2} as (?>a{2,4}). A lookahead that always matches keeps them apart.
        if (IsAtomicLoop(repeat.Body))
            AppendGroup("?>", new Sequence([repeat.Body, new Anchor(AnchorKind.Anywhere)]));
        else if (repeat.Body is Bytes or Group or Atomic)
            Append(repeat.Body);
        else
            AppendGroup("?:", repeat.Body);
        _text.Append((repeat.Min, repeat.Max) switch
        {
            (0, null) => "*",
            (1, null) => "+",
            (0, 1) => "?",
            (var min, null) => string.Create(CultureInfo.InvariantCulture, $"{{{min},}}"),
            (var min, var max) when min == max => string.Create(CultureInfo.InvariantCulture, $"{{{min}}}"),
            (var min, var max) => string.Create(CultureInfo.InvariantCulture, $"{{{min},{max}}}"),
        });
        if (repeat.IsLazy)
            _text.Append('?');
    }

    private static bool IsAtomicLoop(ExpressionNode node) =>
        Only(node) is Atomic { Body: var body } && (Only(body) is Repeat { Body: var repeated } ? Only(repeated) is Bytes : IsAtomicLoop(body));

    private static ExpressionNode Only(ExpressionNode node) => node is Sequence { Items: [var only] } ? Only(only) : node;

    private void AppendAnchor(AnchorKind kind)
    {
        // In PCRE, no line starts after a line break at the very end.
        _needsBacktracking |= kind == AnchorKind.LineStart;
        _text.Append(kind switch
        {
            AnchorKind.Start => @"\A",
            AnchorKind.LineStart => @"(?:\A|(?<=\n)(?!\z))",
            AnchorKind.End => @"\z",
            AnchorKind.LineEnd => "(?m:$)",
            AnchorKind.LastLineEnd => @"\Z",
            AnchorKind.Anywhere => @"(?=[\s\S]|\z)",
            AnchorKind.WordBoundary => @"\b",
            _ => @"\B",
        });
    }

    private void AppendSet(ByteSet set)
    {
        if (set.Count == 1)
        {
            AppendByte(set.First());
        }
        else if (set == ByteSet.All)
        {
            _text.Append(@"[\s\S]");
        }
        else
        {
            var isNegative = set.Count > 128;
            _text.Append(isNegative ? "[^" : "[");
            if (set.IsEmpty)
                _text.Append(@"^\0-\uFFFF");
            foreach (var (first, last) in (isNegative ? ~set : set).Ranges())
            {
                AppendByte(first);
                if (last > first + 1)
                    _text.Append('-');
                if (last > first)
                    AppendByte(last);
            }

            _text.Append(']');
        }
    }

    private void AppendByte(int value)
    {
        if (char.IsAsciiLetterOrDigit((char)value) || value is '/' or '_')
            _text.Append((char)value);
        else if (value is > ' ' and < 127)
            _text.Append('\\').Append((char)value);
        else
            _text.Append(CultureInfo.InvariantCulture, $"\\u{(int)ByteText.Encode(value):X4}");
    }
}
