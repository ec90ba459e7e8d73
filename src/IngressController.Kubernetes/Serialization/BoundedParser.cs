using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace IngressController.Kubernetes.Serialization;

/// <summary>Rejects input that would overflow the stack of the code that walks the nodes, and keys that are not scalars.</summary>
internal sealed class BoundedParser(IParser inner, int lineOffset) : IParser
{
    /// <summary>Exceeds the nesting of any Kubernetes object.</summary>
    public const int MaxDepth = 100;

    /// <summary>One entry per open collection: null for a sequence, otherwise true if a key comes next.</summary>
    private readonly Stack<bool?> _open = [];

    public ParsingEvent? Current => inner.Current;

    public static KubernetesYamlException TooDeep(int line) => new($"line {line}: nested deeper than {MaxDepth} levels", line);

    public bool MoveNext()
    {
        if (!inner.MoveNext())
            return false;
        var current = inner.Current!;
        if (current is SequenceEnd or MappingEnd)
            _open.Pop();
        else if (current is Scalar or AnchorAlias or SequenceStart or MappingStart)
            Enter(current);
        return true;
    }

    private void Enter(ParsingEvent node)
    {
        var line = (int)node.Start.Line + lineOffset;
        if (_open.TryPeek(out var keyComesNext) && keyComesNext is { } isKey)
        {
            if (isKey && node is not Scalar)
                throw new KubernetesYamlException($"line {line}: a key must be a string", line);
            _open.Pop();
            _open.Push(!isKey);
        }

        if (node is SequenceStart or MappingStart)
            _open.Push(node is MappingStart ? true : null);
        if (_open.Count > MaxDepth)
            throw TooDeep(line);
    }
}
