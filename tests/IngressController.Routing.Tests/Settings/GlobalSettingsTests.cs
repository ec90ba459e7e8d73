using IngressController.Routing.Catalog;
using IngressController.Routing.Features.Bodies;
using IngressController.Routing.Features.RateLimiting;
using IngressController.Routing.Settings;

namespace IngressController.Routing.Tests.Settings;

/// <summary>The settings of features are found by type and compare by value.</summary>
public sealed class GlobalSettingsTests
{
    private static readonly BodySettings Bodies = new() { ProxyBodySize = 7 };

    private static readonly RateLimitSettings Limits = new() { LimitReqStatusCode = 429 };

    [Fact]
    public void Unset_settings_are_the_defaults()
    {
        Assert.Equal(new BodySettings(), GlobalSettings.Default.Get<BodySettings>());
        Assert.Equal(new BodySettings(), GlobalSettings.Default.With(Limits).Get<BodySettings>());
    }

    [Fact]
    public void Settings_of_several_features_are_kept_apart()
    {
        var settings = GlobalSettings.Default.With(Bodies).With(Limits);

        Assert.Equal(Bodies, settings.Get<BodySettings>());
        Assert.Equal(Limits, settings.Get<RateLimitSettings>());
    }

    [Fact]
    public void Equal_values_are_equal_settings_regardless_of_their_history()
    {
        var expected = GlobalSettings.Default.With(Bodies).With(Limits);

        Assert.Equal(expected, GlobalSettings.Default.With(Limits).With(Bodies));
        Assert.Equal(expected, GlobalSettings.Default.With(Bodies with { LimitRate = 1 }).With(Limits).With(new BodySettings { ProxyBodySize = 7 }));
        Assert.NotEqual(expected, GlobalSettings.Default.With(Bodies));
    }

    [Fact]
    public void Settings_reset_to_their_defaults_equal_the_default_settings() =>
        Assert.Equal(GlobalSettings.Default, GlobalSettings.Default.With(Bodies).With(Limits).With(new RateLimitSettings()).With(new BodySettings()));

    [Fact]
    public void The_text_of_a_setting_is_kept_unless_it_is_the_default()
    {
        var size = RouteFeatures.Catalog.Settings.Find("proxy-body-size")!;
        var changed = size.Apply(GlobalSettings.Default, " 8m ").Value;

        Assert.Equal("8m", changed.TextOf("proxy-body-size"));
        Assert.Null(changed.TextOf("limit-rate"));
        Assert.Equal(GlobalSettings.Default, size.Apply(changed, "1m").Value);
    }

    [Fact]
    public void Reading_settings_allocates_nothing()
    {
        var settings = GlobalSettings.Default.With(Bodies);
        _ = settings.Get<BodySettings>().ProxyBodySize + settings.Get<RateLimitSettings>().LimitReqStatusCode;
        var before = GC.GetAllocatedBytesForCurrentThread();

        _ = settings.Get<BodySettings>().ProxyBodySize + settings.Get<RateLimitSettings>().LimitReqStatusCode;

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
