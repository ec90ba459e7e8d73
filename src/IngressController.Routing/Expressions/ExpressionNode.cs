namespace IngressController.Routing.Expressions;

/// <summary>A parsed expression: what PCRE reads, without the ways to write it.</summary>
internal abstract record ExpressionNode
{
    private IEnumerable<ExpressionNode> Children => this switch
    {
        Sequence sequence => sequence.Items,
        Alternation alternation => alternation.Branches,
        Group group => [group.Body],
        Atomic atomic => [atomic.Body],
        Look look => [look.Body],
        Repeat repeat => [repeat.Body],
        Conditional conditional => [conditional.Yes, conditional.No],
        _ => [],
    };

    /// <summary>This part and all within it.</summary>
    public IEnumerable<ExpressionNode> All() => Children.SelectMany(child => child.All()).Prepend(this);

    /// <summary>One byte of a set.</summary>
    public sealed record Bytes(ByteSet Set) : ExpressionNode;

    public sealed record Sequence(IReadOnlyList<ExpressionNode> Items) : ExpressionNode;

    public sealed record Alternation(IReadOnlyList<ExpressionNode> Branches) : ExpressionNode;

    /// <summary>A capturing group. Branches of <c>(?|...)</c> have groups of the same number.</summary>
    public sealed record Group(int Number, ExpressionNode Body) : ExpressionNode;

    /// <summary>A group that is not entered again once it has matched: <c>(?>...)</c>, and every possessive quantifier.</summary>
    public sealed record Atomic(ExpressionNode Body) : ExpressionNode;

    public sealed record Look(bool IsBehind, bool IsNegative, ExpressionNode Body) : ExpressionNode;

    public sealed record Repeat(ExpressionNode Body, int Min, int? Max, bool IsLazy) : ExpressionNode;

    public sealed record Anchor(AnchorKind Kind) : ExpressionNode;

    public sealed record BackReference(int Number, bool IgnoresCase) : ExpressionNode;

    /// <summary><c>(?(1)yes|no)</c>.</summary>
    public sealed record Conditional(int Number, ExpressionNode Yes, ExpressionNode No) : ExpressionNode;
}

internal enum AnchorKind
{
    Anywhere,
    Start,
    LineStart,
    End,
    LineEnd,

    /// <summary>The end, or before a line break there.</summary>
    LastLineEnd,
    WordBoundary,
    NoWordBoundary,
}
