using System.Collections.Immutable;
using IngressController.Routing.Table;

namespace IngressController.Routing.Tests.Values;

public sealed class EquatableArrayTests
{
    [Theory]
    [InlineData(new int[0], new int[0], true)]
    [InlineData(new[] { 1, 2 }, new[] { 1, 2 }, true)]
    [InlineData(new[] { 1, 2 }, new[] { 2, 1 }, false)]
    [InlineData(new[] { 1 }, new[] { 1, 1 }, false)]
    [InlineData(new int[0], new[] { 0 }, false)]
    public void Arrays_are_equal_by_value_and_order(int[] left, int[] right, bool equal)
    {
        var (a, b) = (EquatableArray.Create<int>(left), EquatableArray.Create<int>(right));
        Assert.Equal(equal, a == b);
        Assert.Equal(equal, !(a != b));
        Assert.Equal(equal, a.Equals((object)b));
        if (equal)
            Assert.Equal(a.GetHashCode(), b.GetHashCode());
    }

    [Fact]
    public void The_default_value_is_an_empty_array()
    {
        EquatableArray<string> array = default;
        Assert.False(array.Count > 0);
        Assert.Equal(EquatableArray<string>.Empty, array);
        Assert.Equal(EquatableArray<string>.Empty.GetHashCode(), array.GetHashCode());
        Assert.Equal("[]", array.ToString());
        Assert.True(array.AsSpan().IsEmpty);
        foreach (var _ in array)
            Assert.Fail("an item in an empty array");
        Assert.Empty(array.ToList());
    }

    [Fact]
    public void Collection_expressions_make_copies()
    {
        int[] source = [1, 2];
        EquatableArray<int> array = [.. source];
        source[0] = 9;
        Assert.Equal([1, 2], array);
        Assert.Equal(2, array[1]);
        Assert.Equal("[1, 2]", array.ToString());
    }

    [Fact]
    public void Records_with_arrays_compare_by_value()
    {
        var one = new VirtualHost("a", [new Route(default, PathMatch.Root, new RouteAction.Unavailable("x"))], null);
        var other = new VirtualHost("a", [new Route(default, PathMatch.Root, new RouteAction.Unavailable("x"))], null);
        Assert.Equal(one, other);
        Assert.NotEqual(one, other with { Routes = [] });
        Assert.False(new EquatableArray<string>(ImmutableArray.Create("a", null!)).Equals("a"));
    }
}
