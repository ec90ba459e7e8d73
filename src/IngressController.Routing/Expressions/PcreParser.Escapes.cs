using System.Globalization;
using static IngressController.Routing.Expressions.ExpressionNode;

namespace IngressController.Routing.Expressions;

/// <summary>What follows a backslash.</summary>
internal sealed partial class PcreParser
{
    /// <summary>Reads what follows a backslash outside a class; null if it matches nothing by itself.</summary>
    private ExpressionNode? ReadEscape()
    {
        if (IsAtEnd)
            throw new UnsupportedExpressionException("ends with a backslash");
        var c = _text[_at++];
        if (ByteClasses.OfEscape(c) is { } set)
            return new Bytes(set);
        switch (c)
        {
            case 'A' or 'G':
                return new Anchor(AnchorKind.Start);
            case 'Z':
                return new Anchor(AnchorKind.LastLineEnd);
            case 'z':
                return new Anchor(AnchorKind.End);
            case 'b':
                return new Anchor(AnchorKind.WordBoundary);
            case 'B':
                return new Anchor(AnchorKind.NoWordBoundary);
            case 'K':
                // It moves the start of the reported match, which no one reads: only matching and groups count.
                return null;
            case 'N' when IsAtEnd || Current != '{':
                return new Bytes(~ByteClasses.NewLine);
            case 'C':
                return new Bytes(ByteSet.All);
            case 'R':
                return LineBreak();
            case 'p' or 'P':
                return new Bytes(ReadCategory(isNegative: c == 'P'));
            case 'g' or 'k':
                return ReadNamedReference(c);
            case >= '1' and <= '9' when ReadReferenceNumber() is { } number:
                return ReferenceTo(number);
            default:
                _at--;
                return Literal(ReadByte(isInClass: false));
        }
    }

    /// <summary>\R: CR LF as one, or any other line break.</summary>
    private static Atomic LineBreak() => new(new Alternation(
    [
        new Sequence([new Bytes(ByteSet.Of('\r')), new Bytes(ByteSet.Of('\n'))]),
        new Bytes(ByteClasses.VerticalSpace),
    ]));

    private BackReference ReadNamedReference(char letter)
    {
        if (IsAtEnd)
            throw new UnsupportedExpressionException($"ends with \\{letter}");
        if (Current is '<' or '\'')
        {
            var name = UpToClosing(Current == '<' ? '>' : '\'');
            return letter == 'k' ? ReferenceTo(name) : throw Unsupported($"the recursion \\g<{name}>");
        }

        if (Current == '{')
        {
            var name = UpToClosing('}');
            return letter == 'g' && TryNumber(name) is { } number ? ReferenceTo(number) : ReferenceTo(name);
        }

        if (letter == 'k')
            throw new UnsupportedExpressionException("has a \\k without a name");
        var start = _at;
        if (Current is '-' or '+')
            _at++;
        while (!IsAtEnd && char.IsAsciiDigit(Current))
            _at++;
        return ReferenceTo(TryNumber(_text[start.._at]) ?? throw new UnsupportedExpressionException("has a \\g without a number"));
    }

    private string UpToClosing(char end)
    {
        _at++;
        return Before(end);
    }

    /// <summary>The number of a group; -1 is the last one before, +1 the next one.</summary>
    private int? TryNumber(string text)
    {
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            return null;
        var absolute = text[0] switch
        {
            '-' => Groups + 1 + number,
            '+' => Groups + number,
            _ => number,
        };
        return absolute > 0 ? absolute : throw new UnsupportedExpressionException($"refers to group {text}, which does not exist");
    }

    /// <summary>The number of a group after a backslash; null, with nothing read, if the digits are those of an octal number.</summary>
    private int? ReadReferenceNumber()
    {
        var start = _at - 1;
        var end = start;
        while (end < _text.Length && char.IsAsciiDigit(_text[end]))
            end++;
        if (!int.TryParse(_text.AsSpan(start, end - start), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            throw new UnsupportedExpressionException($"refers to group {_text[start..end]}, which does not exist");
        if (number >= 10 && _text[start] < '8' && number > Groups)
            return null;
        _at = end;
        return number;
    }

    private ByteSet ReadCategory(bool isNegative)
    {
        if (IsAtEnd)
            throw new UnsupportedExpressionException("ends with \\p");
        var name = Current == '{' ? UpToClosing('}') : _text[_at++].ToString();
        if (name.StartsWith('^'))
            (name, isNegative) = (name[1..], !isNegative);
        if (name.Length == 0 || ByteClasses.OfCategory(name) is not { } set)
            throw Unsupported($"\\p{{{name}}}");
        // Versions of PCRE2 differ in whether these ignore case.
        if (_options.IgnoresCase && name is "Lu" or "Ll" or "Lt")
            throw Unsupported($"\\p{{{name}}} where case is ignored");
        return isNegative ? ~set : set;
    }

    /// <summary>Reads one escaped byte after its backslash.</summary>
    private int ReadByte(bool isInClass)
    {
        var c = _text[_at++];
        switch (c)
        {
            case 'a':
                return '\a';
            case 'e':
                return 27;
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'b' when isInClass:
                return '\b';
            case 'c' when !IsAtEnd && Current is >= ' ' and <= '~':
                return char.ToUpperInvariant(_text[_at++]) ^ 64;
            case 'x' when !IsAtEnd && Current == '{':
                return Number(UpToClosing('}'), 16);
            case 'x':
                return Digits(most: 2, 16);
            case 'o' when !IsAtEnd && Current == '{':
                return Number(UpToClosing('}'), 8);
            case >= '0' and <= '7':
                _at--;
                return Digits(most: 3, 8);
            case '8' or '9' when isInClass:
                return c;
            default:
                return char.IsAsciiLetterOrDigit(c) ? throw Unsupported($"\\{c}") : c;
        }
    }

    private int Digits(int most, int radix)
    {
        var start = _at;
        while (!IsAtEnd && _at < start + most && (radix == 8 ? Current is >= '0' and <= '7' : char.IsAsciiHexDigit(Current)))
            _at++;
        return _at == start ? 0 : Number(_text[start.._at], radix);
    }

    private static int Number(string digits, int radix)
    {
        if (digits.Length is 0 or > 8 || !digits.All(c => radix == 8 ? c is >= '0' and <= '7' : char.IsAsciiHexDigit(c)))
            throw new UnsupportedExpressionException($"has a malformed number {digits}");
        var value = Convert.ToInt64(digits, radix);
        return value < 256 ? (int)value : throw new UnsupportedExpressionException($"names the character {digits}; expressions match bytes, up to {(radix == 8 ? "377" : "FF")}");
    }
}
