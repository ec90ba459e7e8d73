using static IngressController.Routing.Expressions.ExpressionNode;

namespace IngressController.Routing.Expressions;

/// <summary>The lengths of the texts that a part of an expression matches.</summary>
internal static class TextLength
{
    /// <summary>The only length; null if there are several, or if it depends on a group.</summary>
    public static int? Fixed(ExpressionNode node) => node switch
    {
        Bytes => 1,
        Anchor or Look => 0,
        Group group => Fixed(group.Body),
        Atomic atomic => Fixed(atomic.Body),
        Repeat { Min: var min, Max: var max } repeat => max == min ? Fixed(repeat.Body) * min : null,
        Sequence sequence => sequence.Items.Aggregate<ExpressionNode, int?>(0, static (length, item) => length + Fixed(item)),
        Alternation { Branches: var branches } => branches.Select(Fixed).Distinct().ToArray() is [var length] ? length : null,
        _ => null,
    };

    /// <summary>True if it may match the empty text.</summary>
    public static bool MayBeEmpty(ExpressionNode node) => node switch
    {
        Bytes => false,
        Group group => MayBeEmpty(group.Body),
        Atomic atomic => MayBeEmpty(atomic.Body),
        Repeat repeat => repeat.Min == 0 || MayBeEmpty(repeat.Body),
        Sequence sequence => sequence.Items.All(MayBeEmpty),
        Alternation alternation => alternation.Branches.Any(MayBeEmpty),
        _ => true,
    };
}
