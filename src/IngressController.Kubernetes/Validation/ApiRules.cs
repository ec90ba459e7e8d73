using k8s;
using k8s.Models;

namespace IngressController.Kubernetes.Validation;

/// <summary>A value for which an API server refuses the object.</summary>
/// <param name="Field">The path of the field.</param>
/// <param name="Message">What is wrong, and what to write.</param>
public sealed record RuleViolation(string Field, string Message);

/// <summary>
/// What an API server refuses when an object is created, as far as this project decodes it. Where versions differ, the newest decides: what
/// it admits is valid.
/// </summary>
public static class ApiRules
{
    public static IReadOnlyList<RuleViolation> Check(IKubernetesObject<V1ObjectMeta> resource)
    {
        var violations = new Violations();
        MetadataRules.Check(resource, violations);
        switch (resource)
        {
            case V1Ingress ingress:
                IngressRules.Check(ingress, violations);
                break;
            case V1IngressClass ingressClass:
                CheckController(ingressClass.Spec?.Controller, violations);
                break;
            case V1Service service:
                ServiceRules.Check(service, violations);
                break;
            case V1EndpointSlice slice:
                EndpointSliceRules.Check(slice, violations);
                break;
        }

        return violations;
    }

    private static void CheckController(string? controller, Violations violations)
    {
        if (string.IsNullOrEmpty(controller))
            violations.Add("spec.controller", "is missing");
        else if (controller.Length > 250)
            violations.Add("spec.controller", "is longer than 250 characters");
        else
            violations.Add("spec.controller", ApiNames.DomainPrefixedPath(controller));
    }
}

internal sealed class Violations : List<RuleViolation>
{
    /// <summary>Adds the message of a check, if there is one.</summary>
    public void Add(string field, string? message)
    {
        if (message is not null)
            Add(new RuleViolation(field, message));
    }
}
