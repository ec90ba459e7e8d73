using System.Text;

namespace IngressController.Kubernetes.Serialization;

/// <summary>
/// Indents the lines on which a flow collection or a quoted text continues. Indentation means nothing there, and kubectl reads any; the
/// parser requires more than that of the key.
/// </summary>
internal sealed class FlowIndentation
{
    private readonly string _text;
    private readonly StringBuilder _result;
    private int _at;
    private int _lineStart;

    /// <summary>The column of the last key or dash of a block collection.</summary>
    private int _parent = -1;

    private FlowIndentation(string text)
    {
        _text = text;
        _result = new StringBuilder(text.Length + 64);
    }

    private bool AtEndOfLine => _at >= _text.Length || _text[_at] is '\n' or '\r';

    /// <summary>Returns the same YAML; other text is returned with some lines indented.</summary>
    public static string Repair(string text)
    {
        var repair = new FlowIndentation(text);
        while (repair._at < text.Length)
            repair.ReadLine();
        return repair._result.ToString();
    }

    /// <summary>Reads a line in which a block node can start.</summary>
    private void ReadLine()
    {
        _lineStart = _at;
        if (_text.AsSpan(_at).StartsWith("---", StringComparison.Ordinal))
        {
            _parent = -1;
            Take(3);
        }

        while (!AtEndOfLine)
        {
            switch (_text[_at])
            {
                case ' ' or '\t':
                    Take(1);
                    break;
                case '#':
                    TakeLine();
                    break;
                case '-' or '?' when IsBlank(_at + 1):
                    _parent = _at - _lineStart;
                    Take(1);
                    break;
                case ':' when IsBlank(_at + 1):
                    Take(1);
                    break;
                case '&' or '!':
                    while (!IsBlank(_at))
                        Take(1);
                    break;
                case '"' or '\'':
                    ReadKeyOr(ReadQuoted);
                    break;
                case '[' or '{':
                    IndentValue();
                    ReadFlow();
                    break;
                case '|' or '>':
                    SkipBlockScalar();
                    return;
                default:
                    ReadKeyOr(ReadPlain);
                    break;
            }
        }

        TakeLineBreak();
    }

    /// <summary>Indents a collection that begins on a line of its own, in the column of its key.</summary>
    private void IndentValue()
    {
        var column = _at - _lineStart;
        if (column <= _parent && _text.AsSpan(_lineStart, column).Trim(' ').IsEmpty)
            _result.Append(' ', _parent + 1 - column);
    }

    /// <summary>Reads a scalar; if a colon follows, it is a key and its column the parent of what comes.</summary>
    private void ReadKeyOr(Action read)
    {
        var column = _at - _lineStart;
        read();
        while (!AtEndOfLine && _text[_at] == ' ')
            Take(1);
        if (!AtEndOfLine && _text[_at] == ':' && IsBlank(_at + 1))
            _parent = column;
    }

    private void ReadPlain()
    {
        Take(1);
        while (!AtEndOfLine && !(_text[_at] == ':' && IsBlank(_at + 1)) && !(_text[_at] == '#' && IsBlank(_at - 1)))
            Take(1);
    }

    private void ReadQuoted()
    {
        var quote = _text[_at];
        Take(1);
        while (_at < _text.Length)
        {
            if (AtEndOfLine)
            {
                ContinueOnNextLine();
            }
            else if (_text[_at] == '\\' && quote == '"' && _at + 1 < _text.Length && _text[_at + 1] is not ('\n' or '\r'))
            {
                Take(2);
            }
            else if (_text[_at] == quote)
            {
                Take(1);
                if (quote == '"' || AtEndOfLine || _text[_at] != quote)
                    return;
                Take(1);
            }
            else
            {
                Take(1);
            }
        }
    }

    private void ReadFlow()
    {
        var depth = 0;
        var isTokenStart = true;
        do
        {
            if (AtEndOfLine)
            {
                ContinueOnNextLine();
                isTokenStart = true;
                continue;
            }

            var current = _text[_at];
            if (current is '"' or '\'' && isTokenStart)
                ReadQuoted();
            else if (current == '#' && IsBlank(_at - 1))
                TakeLine();
            else
                Take(1);
            depth += current switch { '[' or '{' => 1, ']' or '}' => -1, _ => 0 };
            isTokenStart = current is '[' or '{' or ',' or ':' || (isTokenStart && current is ' ' or '\t');
        }
        while (depth > 0 && _at < _text.Length);
    }

    private void SkipBlockScalar()
    {
        do
        {
            TakeLine();
            TakeLineBreak();
        }
        while (_at < _text.Length && IsInBlockScalar());
    }

    private bool IsInBlockScalar()
    {
        var at = _at;
        while (at < _text.Length && _text[at] == ' ')
            at++;
        return at >= _text.Length || _text[at] is '\n' or '\r' || at - _at > _parent;
    }

    private bool IsBlank(int index) => index < 0 || index >= _text.Length || char.IsWhiteSpace(_text[index]);

    private void Take(int count)
    {
        count = Math.Min(count, _text.Length - _at);
        _result.Append(_text, _at, count);
        _at += count;
    }

    private void TakeLine()
    {
        while (!AtEndOfLine)
            Take(1);
    }

    private void TakeLineBreak() => Take(_at < _text.Length ? DocumentPart.EndOfLine(_text, _at) - _at : 0);

    private void ContinueOnNextLine()
    {
        TakeLineBreak();
        _lineStart = _at;
        _result.Append(' ', _parent + 2);
    }
}
