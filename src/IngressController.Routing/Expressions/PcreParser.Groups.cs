using System.Globalization;
using static IngressController.Routing.Expressions.ExpressionNode;

namespace IngressController.Routing.Expressions;

/// <summary>Groups and references.</summary>
internal sealed partial class PcreParser
{
    /// <summary>Reads what follows an opening parenthesis; null for options that apply from here on.</summary>
    private ExpressionNode? ReadGroup()
    {
        if (!IsAtEnd && Current == '*')
            throw Unsupported($"({UpTo(')')}");
        if (!TryRead('?'))
            return _options.HasNoAutoCapture ? ReadBody() : ReadCapture(name: null);
        if (IsAtEnd)
            throw new UnsupportedExpressionException("ends with (?");
        var start = _at;
        switch (_text[_at++])
        {
            case ':':
                return ReadBody();
            case '|':
                return ReadBody(resetsGroups: true);
            case '>':
                return new Atomic(ReadBody());
            case '=':
                return new Look(IsBehind: false, IsNegative: false, ReadBody());
            case '!':
                return new Look(IsBehind: false, IsNegative: true, ReadBody());
            case '<' when TryRead('='):
                return ReadLookBehind(isNegative: false);
            case '<' when TryRead('!'):
                return ReadLookBehind(isNegative: true);
            case '<' when !IsAtEnd && Current != '*':
                return ReadCapture(Before('>'));
            case '\'':
                return ReadCapture(Before('\''));
            case 'P' when TryRead('<'):
                return ReadCapture(Before('>'));
            case 'P' when TryRead('='):
                return ReferenceTo(Before(')'));
            case '(':
                return ReadConditional();
            case 'R' or '&' or '+' or 'P' or (>= '0' and <= '9'):
                throw Unsupported($"the recursion (?{_text[start..].Split(')')[0]})");
            case '-' when !IsAtEnd && char.IsAsciiDigit(Current):
                throw Unsupported($"the recursion (?{_text[start..].Split(')')[0]})");
            case 'C':
                throw Unsupported("a callout (?C)");
            case '*' or '<':
                throw Unsupported("a non-atomic lookaround");
            default:
                _at = start;
                return ReadOptions();
        }
    }

    private ExpressionNode ReadBody(bool resetsGroups = false)
    {
        var body = ReadAlternatives(resetsGroups);
        if (!TryRead(')'))
            throw new UnsupportedExpressionException("lacks a closing parenthesis");
        return body;
    }

    private Group ReadCapture(string? name)
    {
        var number = ++Groups;
        if (name is not null)
            Define(name, number);
        return new Group(number, ReadBody());
    }

    private void Define(string name, int number)
    {
        if (name.Length is 0 or > 32 || char.IsAsciiDigit(name[0]) || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
            throw new UnsupportedExpressionException($"has a group whose name is not valid: {name}");
        if (!_names.TryGetValue(name, out var numbers))
            _names[name] = numbers = [];
        if (_names.Any(other => other.Key != name && other.Value.Contains(number)))
            throw new UnsupportedExpressionException($"has groups of the same number with different names, one of them {name}");
        if (numbers.Add(number) && numbers.Count > 1 && !_options.AllowsDuplicateNames)
            throw new UnsupportedExpressionException($"has two groups named {name}");
    }

    private Look ReadLookBehind(bool isNegative)
    {
        var body = ReadBody();
        // PCRE looks from the left of a text of known length, .NET from the right: the same without captures.
        RefuseCaptures(body, "a capturing group in a lookbehind");
        IEnumerable<ExpressionNode> branches = body is Alternation alternation ? alternation.Branches : [body];
        if (branches.Any(branch => TextLength.Fixed(branch) is null))
            throw new UnsupportedExpressionException("has a lookbehind whose length is not fixed");
        return new Look(IsBehind: true, isNegative, body);
    }

    private ExpressionNode? ReadOptions()
    {
        var end = _text.AsSpan(_at).IndexOfAny(')', ':');
        if (end < 0)
            throw new UnsupportedExpressionException("lacks a closing parenthesis");
        var letters = _text.Substring(_at, end);
        _at += end + 1;
        var outer = _options;
        _options = _options.With(letters);
        if (_text[_at - 1] == ')')
            return null;
        var body = ReadBody();
        _options = outer;
        return body;
    }

    private Conditional ReadConditional()
    {
        var condition = Before(')');
        var name = condition is ['<', .., '>'] or ['\'', .., '\''] ? condition[1..^1] : condition;
        var isNumber = name.Length > 0 && name.All(char.IsAsciiDigit);
        if (!isNumber && name == condition)
            throw Unsupported($"the condition (?({condition})");
        var body = ReadBody();
        var branches = body is Alternation { Branches: var parts } ? parts : [body];
        if (branches.Count > 2)
            throw new UnsupportedExpressionException("has a condition with more than two branches");
        var no = branches.Count == 2 ? branches[1] : new Sequence([]);
        return new Conditional(isNumber ? ExistingGroup(name) : NumberOf(name), branches[0], no);
    }

    /// <summary>A reference to a group by its number.</summary>
    private BackReference ReferenceTo(int number)
    {
        _checks.Add(() => CheckExists(number));
        return new BackReference(number, _options.IgnoresCase);
    }

    /// <summary>A reference to a group by its name, which must be defined before: PCRE's numbers are known then.</summary>
    private BackReference ReferenceTo(string name) => new(NumberOf(name), _options.IgnoresCase);

    private int NumberOf(string name) => _names.GetValueOrDefault(name) switch
    {
        null => throw new UnsupportedExpressionException($"refers to a group named {name}, which is not defined before it"),
        { Count: 1 } numbers => numbers.Min,
        _ => throw Unsupported($"a reference to {name}, the name of several groups"),
    };

    private int ExistingGroup(string digits)
    {
        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            throw new UnsupportedExpressionException($"refers to group {digits}, which does not exist");
        _checks.Add(() => CheckExists(number));
        return number;
    }

    private void CheckExists(int number)
    {
        if (number == 0 || number > Groups)
            throw new UnsupportedExpressionException($"refers to group {number}, which does not exist");
    }

    private static void RefuseCaptures(ExpressionNode node, string construct)
    {
        if (node.All().Any(inner => inner is Group or BackReference or Conditional))
            throw Unsupported(construct);
    }
}
