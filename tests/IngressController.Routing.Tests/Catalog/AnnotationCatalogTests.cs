using System.Text.RegularExpressions;
using IngressController.Routing.Annotations;
using IngressController.Routing.Catalog;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Features;
using IngressController.Routing.Settings;
using IngressController.Routing.Translation;
using k8s.Models;

namespace IngressController.Routing.Tests.Catalog;

/// <summary>Properties of every annotation and every setting.</summary>
public sealed partial class AnnotationCatalogTests
{
    private const string Prefix = "yarp.ingress.kubernetes.io";

    /// <summary>No number, word or URL of any form, and no list of anything but texts.</summary>
    private const string Garbage = "\u0001?";

    private static readonly AnnotationKey[] Keys = [.. RouteFeatures.Catalog.Annotations.Groups.SelectMany(group => group.Keys)];

    public static TheoryData<string> Names => [.. Keys.Select(key => key.Name)];

    public static TheoryData<string> Settings => [.. RouteFeatures.Catalog.Settings.All.Select(setting => setting.Name)];

    [Fact]
    public void Every_name_and_alias_means_one_annotation()
    {
        var names = Keys.SelectMany(key => key.Names).ToArray();

        Assert.Empty(names.GroupBy(name => name).Where(group => group.Count() > 1).Select(group => group.Key));
        Assert.All(names, name => Assert.Matches(NamePattern(), name));
        Assert.All(Keys, key => Assert.All(key.Names, name => Assert.Same(key, RouteFeatures.Catalog.Annotations.Find(name))));
    }

    [Fact]
    public void Every_group_has_a_unique_name_and_annotations()
    {
        Assert.Empty(RouteFeatures.Catalog.Annotations.Groups.GroupBy(group => group.Name).Where(group => group.Count() > 1).Select(group => group.Key));
        Assert.All(RouteFeatures.Catalog.Annotations.Groups, group => Assert.NotEmpty(group.Keys));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void An_annotation_is_documented(string name)
    {
        var key = RouteFeatures.Catalog.Annotations.Find(name)!;

        AssertProse(key.Documentation);
        AssertPhrase(key.FormDescription);
        if (key.Default is { } value)
            AssertPhrase(value);
        if (key.Support is AnnotationSupport.Never never)
            AssertPhrase(never.Instead);
        if (key.Support is AnnotationSupport.NotYet planned)
            AssertPhrase(planned.Meanwhile);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Only_a_supported_annotation_has_host_scope_or_a_default(string name)
    {
        var key = RouteFeatures.Catalog.Annotations.Find(name)!;

        if (key.Support is AnnotationSupport.NoOp or AnnotationSupport.Never)
            Assert.Equal((AnnotationScope.Ingress, OnBadValue.UseDefault, null), (key.Scope, key.OnBadValue, key.Default));
    }

    [Fact]
    public void Every_annotation_of_a_feature_is_read_by_it() =>
        Assert.Empty(RouteFeatures.All.SelectMany(feature => Unread(feature).Select(key => $"{feature.Name}: {key.Name}")));

    [Fact]
    public void An_annotation_that_its_feature_forgets_is_found()
    {
        AnnotationKey<bool> first = Key("first"), second = Key("second"), forgotten = Key("forgotten");
        var feature = new RouteFeature("Test", [first, second, forgotten], context =>
        {
            if (context.Annotations.Read(first, false))
                context.Annotations.TryRead(second, out _);
            return [];
        });

        Assert.Equal(forgotten, Assert.Single(Unread(feature)));

        static AnnotationKey<bool> Key(string name) => new() { Name = name, Form = ValueForms.Boolean, Documentation = "Test." };
    }

    [Fact]
    public void A_setting_as_default_has_the_default_of_the_setting() => Assert.All(
        Keys.Where(key => key.DefaultSetting is not null),
        key => Assert.Equal(RouteFeatures.Catalog.Settings.Find(key.DefaultSetting!.Value.Name)!.Default, key.DefaultSetting.Value.Value));

    [Fact]
    public void Every_setting_has_a_unique_name()
    {
        Assert.Empty(RouteFeatures.Catalog.Settings.All.GroupBy(setting => setting.Name).Where(group => group.Count() > 1).Select(group => group.Key));
        Assert.All(RouteFeatures.Catalog.Settings.All, setting => Assert.Matches(NamePattern(), setting.Name));
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void A_setting_is_documented_and_refuses_an_invalid_value(string name)
    {
        var setting = RouteFeatures.Catalog.Settings.Find(name)!;

        AssertProse(setting.Documentation);
        AssertPhrase(setting.FormDescription);
        AssertPhrase(setting.Default);
        Assert.NotNull(setting.Apply(GlobalSettings.Default, Garbage).Problem);
    }

    /// <summary>Values that are valid for some key and switch it on.</summary>
    private static readonly string[] Plausible =
        ["true", "1", "on", "a", "/a", "10.0.0.0/8", "https://a.example/", "basic", "a: b", "default/a", "$1", "1s", "any"];

    /// <summary>
    /// Reading is observed from outside: a value with a control character is invalid for every form, so reading it makes a diagnostic for
    /// its field. Many keys have an effect only beside others of their feature, which are then set as well.
    /// </summary>
    private static IEnumerable<AnnotationKey> Unread(RouteFeature feature) =>
        feature.Keys.Where(key => key.IsSupported && !Surroundings(feature, key).Any(others => IsRead(feature, key, others)));

    /// <summary>The other annotations beside a key: none, one, or all.</summary>
    private static IEnumerable<(string Name, string Value)[]> Surroundings(RouteFeature feature, AnnotationKey key)
    {
        yield return [];
        var others = feature.Keys.Where(other => other != key && other.IsSupported).ToArray();
        var accepted = others.ToDictionary(other => other, other => Plausible.Where(value => IsAccepted(feature, other, value)).ToArray());
        foreach (var (other, values) in accepted)
        {
            foreach (var value in values)
                yield return [(other.Name, value)];
        }

        for (var i = 0; i < Plausible.Length; i++)
            yield return [.. accepted.Where(entry => entry.Value.Length > 0).Select(entry => (entry.Key.Name, entry.Value[i % entry.Value.Length]))];
    }

    private static bool IsAccepted(RouteFeature feature, AnnotationKey key, string value) =>
        Read(feature, [(key.Name, value)]) is var (context, _) && context.Annotations.Sources.Any(source => source.Setting == key.Name);

    private static bool IsRead(RouteFeature feature, AnnotationKey key, (string Name, string Value)[] others) =>
        Read(feature, [.. others, (key.Name, Garbage)]).Diagnostics.Exists(diagnostic => diagnostic.Field == $"metadata.annotations[{Prefix}/{key.Name}]");

    private static (PolicyContext Context, List<Diagnostic> Diagnostics) Read(RouteFeature feature, (string Name, string Value)[] annotations)
    {
        var ingress = new V1Ingress
        {
            Metadata = new V1ObjectMeta
            {
                Name = "a",
                NamespaceProperty = "default",
                Annotations = annotations.ToDictionary(annotation => $"{Prefix}/{annotation.Name}", annotation => annotation.Value),
            },
        };
        var diagnostics = new List<Diagnostic>();
        var context = new PolicyContext(ingress, NamedObjects.Cluster, new TranslationSettings().PolicyOptions, GlobalSettings.Default, diagnostics);
        diagnostics.Clear();
        _ = feature.Read(context).ToList();
        return (context, diagnostics);
    }

    private static void AssertProse(string text)
    {
        Assert.Equal(text.Trim(), text);
        Assert.EndsWith(".", text, StringComparison.Ordinal);
        Assert.DoesNotContain("  ", text, StringComparison.Ordinal);
    }

    private static void AssertPhrase(string text)
    {
        Assert.NotEmpty(text);
        Assert.Equal(text.Trim(), text);
        Assert.False(text.EndsWith('.'), $"\"{text}\" ends with a full stop, and goes on in a sentence");
    }

    [GeneratedRegex("^[a-z0-9]+(-[a-z0-9]+)*$")]
    private static partial Regex NamePattern();
}
