namespace IngressController.Routing.Expressions;

/// <summary>Classes in brackets.</summary>
internal sealed partial class PcreParser
{
    /// <summary>Reads a class after its opening bracket.</summary>
    private ByteSet ReadClass()
    {
        if (EndOfPosix() is not null)
            throw new UnsupportedExpressionException($"has {_text[(_at - 1)..]}, but named classes stand in brackets of their own, as in [[:alpha:]]");
        var isNegative = TryRead('^');
        var set = SetOf(ReadMembers());
        return isNegative ? ~set : set;
    }

    private List<Member> ReadMembers()
    {
        var members = new List<Member>();
        while (true)
        {
            if (IsAtEnd)
                throw new UnsupportedExpressionException("lacks a ] that ends a class");
            if (TryRead("\\E"))
            {
                _isQuoting = false;
            }
            else if (_isQuoting)
            {
                members.Add(new Member(_text[_at++]));
            }
            else if (TryRead("\\Q"))
            {
                _isQuoting = true;
            }
            else if (Current == ']' && members.Count > 0)
            {
                _at++;
                return members;
            }
            else if (!(_options.IsExtendedMore && Current is ' ' or '\t' && SkipOne()))
            {
                members.Add(ReadMember());
            }
        }
    }

    private bool SkipOne()
    {
        _at++;
        return true;
    }

    private Member ReadMember()
    {
        var c = _text[_at++];
        if (c == '[' && EndOfPosix() is { } end)
            return new Member(ReadPosix(end));
        if (c != '\\')
            return new Member(c) { IsHyphen = c == '-' };
        if (IsAtEnd)
            throw new UnsupportedExpressionException("ends with a backslash");
        var letter = Current;
        if (ByteClasses.OfEscape(letter) is { } set)
        {
            _at++;
            return new Member(set);
        }

        if (letter is not ('p' or 'P'))
            return new Member(ReadByte(isInClass: true));
        _at++;
        return new Member(ReadCategory(isNegative: letter == 'P'));
    }

    private ByteSet ReadPosix(int end)
    {
        if (Current != ':')
            throw Unsupported($"the collating element [{_text[_at..(end + 2)]}");
        var name = _text[(_at + 1)..end];
        var isNegative = name.StartsWith('^');
        if (ByteClasses.OfPosix(isNegative ? name[1..] : name, _options.IgnoresCase) is not { } set)
            throw new UnsupportedExpressionException($"has an unknown class [:{name}:]");
        _at = end + 2;
        return isNegative ? ~set : set;
    }

    /// <summary>The index of the <c>:]</c> that ends a named class which begins here; null if none begins.</summary>
    private int? EndOfPosix()
    {
        if (IsAtEnd || Current is not (':' or '.' or '='))
            return null;
        var terminator = Current;
        for (var i = _at + 1; i + 1 < _text.Length; i++)
        {
            if (_text[i] == '\\' && _text[i + 1] is ']' or '\\')
                i++;
            else if (_text[i] == ']' || (_text[i] == '[' && _text[i + 1] == terminator))
                return null;
            else if (_text[i] == terminator && _text[i + 1] == ']')
                return i;
        }

        return null;
    }

    private ByteSet SetOf(List<Member> members)
    {
        var set = ByteSet.Empty;
        for (var i = 0; i < members.Count; i++)
        {
            if (i + 2 >= members.Count || !members[i + 1].IsHyphen)
            {
                set |= SetOf(members[i]);
            }
            else if (members[i].Single is { } first && members[i + 2].Single is { } last)
            {
                if (first > last)
                    throw new UnsupportedExpressionException($"has a range out of order, {(char)first}-{(char)last}");
                set |= Folded(ByteSet.Range(first, last));
                i += 2;
            }
            else
            {
                set |= SetOf(members[i]) | ByteSet.Of('-');
                i++;
            }
        }

        return set;
    }

    private ByteSet SetOf(Member member) => member.Single is null ? member.Set : Folded(member.Set);

    /// <summary>A byte or a named class in a class.</summary>
    private readonly record struct Member(ByteSet Set, int? Single = null)
    {
        public Member(int value)
            : this(ByteSet.Of(value), value)
        {
        }

        /// <summary>True for a hyphen that may stand for a range.</summary>
        public bool IsHyphen { get; init; }
    }
}
