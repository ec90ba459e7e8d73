using System.Runtime.CompilerServices;
using IngressController.Routing.Features.Transforms;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Transforms.Builder;

namespace IngressController.Features.Transforms;

/// <summary>
/// Builds YARP's transforms from the annotation. Transforms that would repeat the work of the proxy, or undo its protection, are handled
/// here and not passed to YARP.
/// </summary>
internal static class TransformCompiler
{
    private const string ForwardedPrefix = "X-Forwarded-";

    /// <summary>YARP's factories with their services, created for the first route with transforms.</summary>
    private static readonly Lazy<(IServiceProvider Services, ITransformFactory[] All)> Factories = new(() =>
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddReverseProxy();
        var provider = services.BuildServiceProvider();
        return (provider, [.. provider.GetServices<ITransformFactory>()]);
    });

    /// <summary>The built transforms. All routes of an Ingress have the same policy, so its transforms are built once.</summary>
    private static readonly ConditionalWeakTable<TransformsPolicy, RouteTransforms> Compiled = [];

    public static RouteTransforms Compile(TransformsPolicy policy) => Compiled.GetValue(policy, static policy => Build(policy));

    private static RouteTransforms Build(TransformsPolicy policy)
    {
        var (services, factories) = Factories.Value;
        var route = new RouteConfig { RouteId = "transforms", Match = new RouteMatch() };
        var validation = new TransformRouteValidationContext { Services = services, Route = route };
        var builder = new TransformBuilderContext { Services = services, Route = route };
        HashSet<string>? allowed = null;
        foreach (var transform in policy.Transforms)
        {
            if (transform.Name == "RequestHeadersAllowed")
            {
                (allowed ??= new(StringComparer.OrdinalIgnoreCase)).UnionWith(transform.Value.Split(';'));
                continue;
            }

            var values = ForYarp(transform);
            if (!Array.Exists(factories, factory => factory.Validate(validation, values)) || validation.Errors.Count > 0)
            {
                var errors = string.Join(' ', validation.Errors.Select(error => error.Message));
                return RouteTransforms.Invalid($"YARP refuses the transform {transform.Name}: {errors}");
            }

            Array.Exists(factories, factory => factory.Build(builder, values));
        }

        return RouteTransforms.Of(builder, allowed, policy);
    }

    private static Dictionary<string, string> ForYarp(Transform transform)
    {
        var values = new Dictionary<string, string>(transform.Parameters, StringComparer.OrdinalIgnoreCase) { [transform.Name] = transform.Value };
        if (transform.Name is "PathPrefix" or "PathRemovePrefix" or "PathSet")
            values[transform.Name] = EncodedPath.OfText(transform.Value.StartsWith('/') ? transform.Value : $"/{transform.Value}");
        if (transform.Name != "X-Forwarded")
            return values;

        // The proxy sets the standard headers itself, and those of the client are not forwarded, so there is nothing to append to.
        var isStandard = values.GetValueOrDefault("HeaderPrefix", ForwardedPrefix).Equals(ForwardedPrefix, StringComparison.OrdinalIgnoreCase);
        foreach (var key in (string[])["For", "Proto", "Host", "Prefix"])
        {
            var action = values.GetValueOrDefault(key, transform.Value);
            values[key] = action.Equals("Remove", StringComparison.OrdinalIgnoreCase) || action.Equals("Off", StringComparison.OrdinalIgnoreCase) ? action
                : isStandard ? "Off"
                : "Set";
        }

        values[transform.Name] = "Off";
        return values;
    }
}
