"""Django's ORM on PyMySQL through all that a program does; prints what came of it, one line a step.

Arguments: host port user password
"""

import datetime
import os
import sys
import threading
from decimal import Decimal

import django
import pymysql
from django.apps import AppConfig
from django.conf import settings

# Django asks for the version of mysqlclient, whose place PyMySQL takes.
pymysql.version_info = (2, 2, 8, "final", 1)
pymysql.install_as_MySQLdb()
host, port, user, password = sys.argv[1:]


class Scenario(AppConfig):
    name = "__main__"
    label = "scenario"
    path = os.path.dirname(os.path.abspath(__file__))


settings.configure(
    INSTALLED_APPS=["__main__.Scenario"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.mysql", "NAME": "django",
            "HOST": host, "PORT": port, "USER": user, "PASSWORD": password,
            "OPTIONS": {"charset": "utf8mb4", "isolation_level": "read committed"},
            "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True,
        }
    },
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)  # fmt: skip
django.setup()

from django.db import IntegrityError, connection, models, transaction  # noqa: E402
from django.db.models import Count, F, Sum  # noqa: E402


class Shop(models.Model):
    name = models.CharField(max_length=50, unique=True)
    opened = models.DateTimeField()

    class Meta:
        app_label = "scenario"


class Fruit(models.Model):
    name = models.CharField(max_length=50)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    facts = models.JSONField(default=dict)
    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="fruits")

    class Meta:
        app_label = "scenario"


def show(step, value):
    print(f"{step}: {value!r}")


with connection.schema_editor() as editor:
    editor.create_model(Shop)
    editor.create_model(Fruit)
show("tables", sorted(connection.introspection.table_names()))
with connection.cursor() as cursor:
    show(
        "description",
        [column[:2] for column in connection.introspection.get_table_description(cursor, "scenario_fruit")],
    )

opened = datetime.datetime(2024, 2, 29, 12, 30, 15, 123456, tzinfo=datetime.timezone.utc)
shops = [Shop.objects.create(name=f"größer {number}", opened=opened) for number in range(5)]
show("ids", [shop.pk for shop in shops])
Fruit.objects.bulk_create(
    [
        Fruit(name=f"fig {k}", price=Decimal(k) / 4, facts={"k": [k, None, "ü"]}, shop=shop)
        for shop in shops
        for k in range(30)
    ],
    batch_size=40,
)
show("fruits", [(fruit.name, fruit.price, fruit.facts) for fruit in Fruit.objects.order_by("id")[:5]])
show(
    "counted",
    list(
        Shop.objects.annotate(n=Count("fruits"), total=Sum("fruits__price"))
        .order_by("id")
        .values_list("name", "n", "total", "opened")
    ),
)
show("prefetched", [len(shop.fruits.all()) for shop in Shop.objects.prefetch_related("fruits").order_by("id")])
show("json", Fruit.objects.filter(facts__k__0=3).count())
show("updated", Fruit.objects.filter(price__lt=1).update(price=F("price") + 1))
show("deleted", Shop.objects.filter(name="größer 4").delete())
show(
    "made or found", [Shop.objects.get_or_create(name=name, defaults={"opened": opened})[1] for name in ("new", "new")]
)
show("put", Shop.objects.update_or_create(name="new", defaults={"opened": opened + datetime.timedelta(1)})[1])

with transaction.atomic():
    Shop.objects.create(name="outer", opened=opened)
    try:
        with transaction.atomic():
            Shop.objects.create(name="inner", opened=opened)
            Shop.objects.create(name="outer", opened=opened)
    except IntegrityError as error:
        show("twice", error.args[0])
    show("locked", Shop.objects.select_for_update().get(name="outer").name)
    transaction.on_commit(lambda: show("committed", True))
try:
    with transaction.atomic():
        Fruit.objects.all().delete()
        raise KeyError
except KeyError:
    show("rolled back", Fruit.objects.count())
show("names", list(Shop.objects.order_by("id").values_list("name", flat=True)))
show("iterated", sum(1 for _ in Fruit.objects.iterator(chunk_size=20)))

results = {}


def in_a_thread(number):
    with transaction.atomic():
        Shop.objects.create(name=f"thread {number}", opened=opened)
    results[number] = Shop.objects.get(name=f"thread {number}").name
    connection.close()


threads = [threading.Thread(target=in_a_thread, args=(number,)) for number in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
show("threads", sorted(results.items()))
with connection.cursor() as cursor:
    cursor.execute("SELECT @@tx_isolation, @@autocommit, DATABASE(), @@sql_auto_is_null")
    show("session", cursor.fetchall())
with connection.schema_editor() as editor:
    editor.delete_model(Fruit)
    editor.delete_model(Shop)
