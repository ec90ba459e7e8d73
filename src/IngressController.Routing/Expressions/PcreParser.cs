using static IngressController.Routing.Expressions.ExpressionNode;

namespace IngressController.Routing.Expressions;

/// <summary>
/// Reads the syntax of PCRE2 10.42 without UTF, which nginx uses. It refuses what PCRE2 refuses and, by name, what cannot be matched the same
/// way here. One exception: a hyphen beside a class such as <c>\w</c> is a hyphen, as in PCRE and Perl; PCRE2 refuses it.
/// </summary>
internal sealed partial class PcreParser
{
    private const int MaxDepth = 250;

    private readonly string _text;
    private readonly Dictionary<string, SortedSet<int>> _names = new(StringComparer.Ordinal);
    private readonly List<Action> _checks = [];
    private int _at;
    private int _depth;

    /// <summary>True between \Q and \E.</summary>
    private bool _isQuoting;
    private PcreOptions _options;

    private PcreParser(string text, bool ignoresCase)
    {
        _text = text;
        _options = new PcreOptions { IgnoresCase = ignoresCase };
    }

    /// <summary>The number of capturing groups so far.</summary>
    public int Groups { get; private set; }

    private bool IsAtEnd => _at >= _text.Length;

    private char Current => _text[_at];

    /// <param name="text">The expression; characters are bytes.</param>
    /// <param name="ignoresCase">True if letters match in either case.</param>
    /// <exception cref="UnsupportedExpressionException">The message says what the expression contains.</exception>
    public static (ExpressionNode Node, int Groups) Parse(string text, bool ignoresCase)
    {
        var parser = new PcreParser(text, ignoresCase);
        if (text.StartsWith("(*", StringComparison.Ordinal))
            throw Unsupported($"{parser.UpTo(')')} at the start");
        var node = parser.ReadAlternatives(resetsGroups: false);
        if (!parser.IsAtEnd)
            throw new UnsupportedExpressionException("has a closing parenthesis without an opening one");
        // References may precede their groups, so they are resolved last.
        foreach (var check in parser._checks)
            check();
        return (node, parser.Groups);
    }

    private static UnsupportedExpressionException Unsupported(string construct) => new($"contains {construct}, which is not supported");

    private ExpressionNode ReadAlternatives(bool resetsGroups)
    {
        if (++_depth > MaxDepth)
            throw new UnsupportedExpressionException($"has more than {MaxDepth} nested groups");
        // An option set in a branch applies to the branches after it and ends with the group.
        var options = _options;
        var (first, most) = (Groups, Groups);
        var branches = new List<ExpressionNode>();
        do
        {
            if (resetsGroups)
                Groups = first;
            branches.Add(ReadSequence());
            most = Math.Max(most, Groups);
        }
        while (TryRead('|'));

        Groups = most;
        _options = options;
        _depth--;
        return branches.Count == 1 ? branches[0] : new Alternation(branches);
    }

    private Sequence ReadSequence()
    {
        var items = new List<ExpressionNode>();
        // False after what a quantifier cannot follow.
        var isRepeatable = false;
        while (!IsAtEnd && (_isQuoting || Current is not ('|' or ')')))
        {
            if (SkipsIgnored())
                continue;
            if (_isQuoting)
            {
                items.Add(Literal(_text[_at++]));
                isRepeatable = true;
            }
            else if (TryReadQuantifier() is { } quantifier)
            {
                if (!isRepeatable)
                    throw new UnsupportedExpressionException("has a quantifier with nothing to repeat before it");
                items[^1] = quantifier(items[^1]);
                isRepeatable = false;
            }
            else if (ReadItem() is { } item)
            {
                items.Add(item);
                isRepeatable = item is not (Anchor or Look);
            }
            else
            {
                isRepeatable = false;
            }
        }

        return new Sequence(items);
    }

    /// <summary>
    /// Skips comments, white space under (?x), and the marks of quoted text. A quantifier after them applies to what is before them.
    /// </summary>
    private bool SkipsIgnored()
    {
        if (TryRead("\\E"))
        {
            _isQuoting = false;
            return true;
        }

        if (_isQuoting)
            return false;
        if (TryRead("\\Q"))
            return _isQuoting = true;
        if (TryRead("(?#"))
        {
            UpTo(')');
            return true;
        }

        if (!_options.IsExtended)
            return false;
        if (ByteClasses.PatternSpace.Contains(Current))
        {
            _at++;
            return true;
        }

        if (Current != '#')
            return false;
        var end = _text.IndexOf('\n', _at);
        _at = end < 0 ? _text.Length : end + 1;
        return true;
    }

    /// <summary>Reads one item; null if it matches nothing by itself, such as an option.</summary>
    private ExpressionNode? ReadItem()
    {
        var c = _text[_at++];
        switch (c)
        {
            case '(':
                return ReadGroup();
            case '[':
                return new Bytes(ReadClass());
            case '\\':
                return ReadEscape();
            case '.':
                return new Bytes(_options.DotMatchesAll ? ByteSet.All : ~ByteClasses.NewLine);
            case '^':
                return new Anchor(_options.IsMultiline ? AnchorKind.LineStart : AnchorKind.Start);
            case '$':
                return new Anchor(_options.IsMultiline ? AnchorKind.LineEnd : AnchorKind.LastLineEnd);
            default:
                return Literal(c);
        }
    }

    private Bytes Literal(int value) => new(Folded(ByteSet.Of(value)));

    private ByteSet Folded(ByteSet set) => _options.IgnoresCase ? set.IgnoringCase() : set;

    private bool TryRead(char c)
    {
        if (IsAtEnd || Current != c)
            return false;
        _at++;
        return true;
    }

    private bool TryRead(string text)
    {
        if (string.CompareOrdinal(_text, _at, text, 0, text.Length) != 0)
            return false;
        _at += text.Length;
        return true;
    }

    /// <summary>Reads to a character and over it; returns what was read.</summary>
    private string UpTo(char end)
    {
        var start = _at;
        var index = _text.IndexOf(end, _at);
        if (index < 0)
            throw new UnsupportedExpressionException($"lacks a {end} after {_text[start..]}");
        _at = index + 1;
        return _text[start.._at];
    }

    /// <summary>Reads to a character and over it; returns what is before it.</summary>
    private string Before(char end) => UpTo(end)[..^1];
}
