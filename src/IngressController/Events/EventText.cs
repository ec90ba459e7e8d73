using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using IngressController.Kubernetes.Resources;
using IngressController.Routing.Diagnostics;
using k8s.Models;

namespace IngressController.Events;

/// <summary>Who reports.</summary>
/// <param name="controllerClass">The <c>spec.controller</c> of our IngressClasses.</param>
/// <param name="podName">The Pod.</param>
internal sealed class EventReporterIdentity(string controllerClass, string podName)
{
    private const int LongestNamePart = 63;

    /// <summary>What the API server takes of the instance.</summary>
    private const int LongestWord = 128;

    /// <summary>
    /// The controller class as a qualified name: that is all the API server takes here, while a class may have several slashes
    /// and a longer name.
    /// </summary>
    public string Controller { get; } = Qualified(controllerClass);

    public string Instance { get; } = podName.Length <= LongestWord ? podName : podName[..LongestWord];

    private static string Qualified(string name)
    {
        var slash = name.IndexOf('/');
        var part = string.Concat(name[(slash + 1)..].Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '.').Take(LongestNamePart))
            .Trim('-', '_', '.');
        return $"{name[..(slash + 1)]}{part}";
    }
}

/// <summary>What an Event says, and what it is called.</summary>
internal static class EventText
{
    /// <summary>The longest note that the API server takes, in bytes of UTF-8.</summary>
    public const int LongestNote = 1024;

    private const int LongestName = 253;
    private const string Ellipsis = "...";

    /// <summary>The namespace the Event is kept in: that of its object, <c>default</c> for objects without one.</summary>
    public static string NamespaceOf(DiagnosticSubject subject) =>
        IsClusterScoped(subject) || subject.Name.Namespace.Length == 0 ? "default" : subject.Name.Namespace;

    /// <summary>
    /// The same for every replica and every time, so that who writes an Event a second time finds the first. The note is part of it: the API
    /// server lets no note change.
    /// </summary>
    public static string NameOf(EventKey key)
    {
        var (subject, problem) = (key.Subject, key.Problem);
        var identity = string.Join('\n', key.Uid, subject.Kind, subject.Name, key.Topic, problem?.Code, problem?.Field, problem?.Message, problem?.Effect);
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity)).AsSpan(0, 8));
        var longest = LongestName - hash.Length - 1;
        var name = subject.Name.Name.Length <= longest ? subject.Name.Name : subject.Name.Name[..longest].TrimEnd('-', '.');
        return $"{name}.{hash}";
    }

    public static string Note(EventWrite write) => write.Key.Topic switch
    {
        EventTopic.Problem => Note(write.Key.Problem!),
        EventTopic.MoreProblems => string.Create(
            CultureInfo.InvariantCulture,
            $"and {write.Entry.Hidden} more when this was first seen; see /api/diagnostics on the controller's admin port"),
        _ => "all problems are resolved",
    };

    /// <summary>Where, what, and what that means for traffic; of a text that is too long, the middle loses its end.</summary>
    internal static string Note(Diagnostic problem)
    {
        var start = $"{problem.Field}: ";
        var end = problem.Effect == DiagnosticEffect.None ? "" : $" ({problem.Effect})";
        var room = LongestNote - Encoding.UTF8.GetByteCount(start) - Encoding.UTF8.GetByteCount(end);
        return room > Ellipsis.Length ? $"{start}{Cut(problem.Message, room)}{end}" : Cut(start + problem.Message, LongestNote);
    }

    public static Eventsv1Event ToEvent(EventWrite write, EventReporterIdentity reporter)
    {
        var subject = write.Key.Subject;
        return new Eventsv1Event
        {
            ApiVersion = $"{Eventsv1Event.KubeGroup}/{Eventsv1Event.KubeApiVersion}",
            Kind = Eventsv1Event.KubeKind,
            Metadata = new V1ObjectMeta { Name = NameOf(write.Key), NamespaceProperty = NamespaceOf(subject) },
            EventTime = write.Entry.Last,
            ReportingController = reporter.Controller,
            ReportingInstance = reporter.Instance,
            Action = write.Key.Topic == EventTopic.Resolved ? "Recover" : "Translate",
            Reason = write.Key.Problem?.Code.ToString() ?? write.Key.Topic.ToString(),
            Type = write.Key.Topic == EventTopic.Resolved || write.Key.Problem?.Severity == DiagnosticSeverity.Info ? "Normal" : "Warning",
            Note = Note(write),
            Regarding = new V1ObjectReference
            {
                ApiVersion = ApiVersionOf(subject.Kind),
                Kind = subject.Kind,
                NamespaceProperty = IsClusterScoped(subject) ? null : NamespaceOf(subject),
                Name = subject.Name.Name,
                Uid = write.Object.Uid,
                ResourceVersion = write.Object.ResourceVersion,
                // No fieldPath: kubectl puts it before the note where it is set, and the note begins with it for those that do not.
            },
        };
    }

    private static bool IsClusterScoped(DiagnosticSubject subject) => subject.Kind == ResourceTypes.IngressClasses.Kind;

    private static string ApiVersionOf(string kind) => kind switch
    {
        "Ingress" or "IngressClass" => ResourceTypes.Ingresses.ApiVersion,
        "EndpointSlice" => ResourceTypes.EndpointSlices.ApiVersion,
        _ => "v1",
    };

    /// <summary>A text of at most so many bytes of UTF-8; no character is cut in two.</summary>
    private static string Cut(string text, int bytes)
    {
        if (Encoding.UTF8.GetByteCount(text) <= bytes)
            return text;
        var length = 0;
        var left = bytes - Ellipsis.Length;
        foreach (var rune in text.EnumerateRunes())
        {
            left -= rune.Utf8SequenceLength;
            if (left < 0)
                break;
            length += rune.Utf16SequenceLength;
        }

        return text[..length] + Ellipsis;
    }
}
