using IngressController.Routing.Features.Bodies;
using IngressController.Routing.Features.Headers;
using IngressController.Routing.Settings;
using Microsoft.Extensions.Primitives;

namespace IngressController.Proxy;

/// <summary>
/// What counts for all routes, as requests meet it. Kept apart from the routes, so that those that ask for nothing have nothing, and so
/// that a change of a setting builds none of them anew.
/// </summary>
internal sealed class GlobalState
{
    private volatile GlobalPlan _current = new(GlobalSettings.Default);

    public GlobalPlan Current => _current;

    public void Apply(GlobalSettings settings)
    {
        if (settings != _current.Settings)
            _current = new GlobalPlan(settings);
    }
}

/// <summary>The settings, prepared for requests. Immutable.</summary>
internal sealed class GlobalPlan(GlobalSettings settings)
{
    public GlobalSettings Settings => settings;

    public BodySettings Bodies { get; } = settings.Get<BodySettings>();

    public HeaderSettings Headers { get; } = settings.Get<HeaderSettings>();

    /// <summary>The value of Strict-Transport-Security; empty when it is not sent.</summary>
    public StringValues StrictTransportSecurity { get; } = settings.Get<HeaderSettings>().Hsts
        ? $"max-age={settings.Get<HeaderSettings>().HstsMaxAge}{(settings.Get<HeaderSettings>().HstsIncludeSubdomains ? "; includeSubDomains" : "")}{(settings.Get<HeaderSettings>().HstsPreload ? "; preload" : "")}"
        : StringValues.Empty;

    /// <summary>Headers that every response gets.</summary>
    public KeyValuePair<string, StringValues>[] ResponseHeaders { get; } =
        [.. settings.Get<HeaderSettings>().ResponseHeaders.Select(field => KeyValuePair.Create(field.Name, new StringValues(field.Value)))];

    /// <summary>Headers that backends' responses lose.</summary>
    public string[] HiddenHeaders { get; } = [.. settings.Get<HeaderSettings>().HideHeaders];

    /// <summary>Headers that every backend gets; null when there are none.</summary>
    public Features.Headers.RequestHeadersChange? RequestHeaders { get; } = settings.Get<HeaderSettings>().RequestHeaders is { Count: > 0 } fields
        ? new Features.Headers.RequestHeadersChange(new HeaderChanges(fields, [], []))
        : null;
}
