namespace IngressController.Routing.Tests.Values;

public sealed class ResourceNameTests
{
    [Theory]
    [InlineData("ns/name", "ns", "name")]
    [InlineData("a/b", "a", "b")]
    public void A_name_is_read(string text, string @namespace, string name)
    {
        Assert.True(ResourceName.TryParse(text, out var parsed));
        Assert.Equal(new ResourceName(@namespace, name), parsed);
        Assert.Equal(text, parsed.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("name")]
    [InlineData("/name")]
    [InlineData("ns/")]
    [InlineData("/")]
    [InlineData("a/b/c")]
    [InlineData("a//c")]
    public void An_invalid_name_is_refused(string? text)
    {
        Assert.False(ResourceName.TryParse(text, out var parsed));
        Assert.Equal(default, parsed);
    }

    [Theory]
    [InlineData("a/b", "a/c")]
    [InlineData("a/z", "b/a")]
    [InlineData("B/a", "a/a")]
    [InlineData("a-b/x", "a/x", false)]
    public void Names_are_ordered_by_namespace_then_name_ordinally(string left, string right, bool before = true)
    {
        Assert.True(ResourceName.TryParse(left, out var first));
        Assert.True(ResourceName.TryParse(right, out var second));
        Assert.Equal(before, first.CompareTo(second) < 0);
        Assert.Equal(Math.Sign(first.CompareTo(second)), -Math.Sign(second.CompareTo(first)));
        Assert.Equal(0, first.CompareTo(first));
    }
}
