using System.Text;
using System.Text.Json;
using IngressController.Events;
using IngressController.Kubernetes.Serialization;
using IngressController.Routing.Diagnostics;
using k8s.Models;

namespace IngressController.Tests.Events;

/// <summary>The content of Events within the limits of API servers.</summary>
public sealed class EventTextTests
{
    private static readonly EventReporterIdentity Reporter = new("yarp.ingress.kubernetes.io/controller", "yarp-ingress-7d9f");

    [Fact]
    public void Event_has_field_message_and_effect()
    {
        var json = JsonSerializer.Serialize(EventText.ToEvent(Write(Problem("is wrong")), Reporter), ApiJson.Of<Eventsv1Event>());
        Assert.Equal(
            """
            {"action":"Translate","apiVersion":"events.k8s.io/v1","eventTime":"2030-01-01T00:00:00.123456Z","kind":"Event",
            "metadata":{"name":"web.00522678d9fb4876","namespace":"shop"},"note":"spec.rules[0].host: is wrong (RouteLeftOut)","reason":"HostInvalid",
            "regarding":{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","name":"web","namespace":"shop","resourceVersion":"7","uid":"uid-1"},
            "reportingController":"yarp.ingress.kubernetes.io/controller","reportingInstance":"yarp-ingress-7d9f","type":"Warning"}
            """.ReplaceLineEndings(""), json);
    }

    [Theory]
    [InlineData(DiagnosticSeverity.Info, "Normal")]
    [InlineData(DiagnosticSeverity.Warning, "Warning")]
    [InlineData(DiagnosticSeverity.Error, "Warning")]
    public void Severity_determines_the_type(DiagnosticSeverity severity, string type) =>
        Assert.Equal(type, EventText.ToEvent(Write(Problem("x") with { Severity = severity }), Reporter).Type);

    [Theory]
    [InlineData('x')]
    [InlineData('ä')]
    [InlineData('好')]
    public void Truncated_note_keeps_field_and_effect(char letter)
    {
        var note = EventText.Note(Problem(new string(letter, 999)) with { Field = $"metadata.annotations[{new string('y', 200)}]" });
        Assert.InRange(Encoding.UTF8.GetByteCount(note), EventText.MaxNoteBytes - 3, EventText.MaxNoteBytes);
        Assert.EndsWith($"{letter}... (RouteLeftOut)", note, StringComparison.Ordinal);
    }

    [Fact]
    public void No_character_is_split()
    {
        for (var length = 480; length < 500; length++)
        {
            var note = EventText.Note(Problem(new string('x', length) + string.Concat(Enumerable.Repeat("😀", 240))));
            Assert.InRange(Encoding.UTF8.GetByteCount(note), 1, EventText.MaxNoteBytes);
            Assert.DoesNotContain('\uFFFD', Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(note)));
        }
    }

    [Fact]
    public void Name_has_at_most_253_characters()
    {
        var problem = Problem("x");
        var subject = problem.Subject with { Name = new("shop", new string('a', 236) + "." + new string('b', 16)) };
        var name = EventText.NameOf(new EventKey(subject, "uid", EventTopic.Problem, problem));
        Assert.Equal($"{new string('a', 236)}.", name[..237]);
        Assert.InRange(name.Length, 1, 253);
        Assert.DoesNotContain("..", name, StringComparison.Ordinal);
    }

    [Fact]
    public void Different_content_is_a_different_Event()
    {
        var problem = Problem("x");
        Diagnostic[] others =
        [
            problem, problem with { Code = DiagnosticCode.PathInvalid }, problem with { Field = "spec" }, problem with { Message = "y" },
            problem with { Effect = DiagnosticEffect.None },
        ];
        EventKey[] keys = [.. others.Select(other => Write(other).Key), Write(problem).Key with { Uid = "2" }, Write(problem).Key with { Topic = EventTopic.Resolved }];
        Assert.Equal(keys.Length, keys.Select(EventText.NameOf).Distinct().Count());
    }

    [Theory]
    [InlineData("Ingress", "shop", "shop", "networking.k8s.io/v1")]
    [InlineData("Service", "shop", "shop", "v1")]
    [InlineData("Secret", "shop", "shop", "v1")]
    [InlineData("ConfigMap", "shop", "shop", "v1")]
    [InlineData("EndpointSlice", "shop", "shop", "discovery.k8s.io/v1")]
    [InlineData("IngressClass", "default", null, "networking.k8s.io/v1")]
    [InlineData("IngressClass", "", null, "networking.k8s.io/v1")]
    public void Event_is_in_the_namespace_of_its_object(string kind, string ns, string? regarding, string apiVersion)
    {
        var subject = new DiagnosticSubject(kind, new(ns, "web"));
        var item = EventText.ToEvent(Write(Problem("x") with { Subject = subject }), Reporter);
        Assert.Equal(regarding ?? "default", item.Metadata!.NamespaceProperty);
        Assert.Equal((kind, regarding, apiVersion), (item.Regarding!.Kind, item.Regarding.NamespaceProperty, item.Regarding.ApiVersion));
    }

    [Theory]
    [InlineData("example.com/team/a/controller", "example.com/team.a.controller")]
    [InlineData("example.com/ingress", "example.com/ingress")]
    [InlineData("example.com/-x-", "example.com/x")]
    [InlineData("plain", "plain")]
    public void Reporting_controller_is_a_qualified_name(string controllerClass, string name)
    {
        Assert.Equal(name, new EventReporterIdentity(controllerClass, "pod").Controller);
        Assert.Equal(128, new EventReporterIdentity(controllerClass, new string('p', 200)).Instance.Length);
    }

    private static Diagnostic Problem(string message) => new(
        DiagnosticCode.HostInvalid, DiagnosticSeverity.Error, new("Ingress", new("shop", "web")), "spec.rules[0].host", message, DiagnosticEffect.RouteLeftOut);

    private static EventWrite Write(Diagnostic problem) => new(
        new EventKey(problem.Subject, "uid-1", EventTopic.Problem, problem), new EventObject(problem.Subject, "uid-1", "7", 0, true), EventVerb.Create,
        new EventEntry(EventTopic.Problem, problem, EventVerb.Create, EventScript.Start.AddTicks(1_234_567)));
}
